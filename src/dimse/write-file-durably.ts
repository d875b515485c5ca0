import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces a small file by `text`, readable by its owner only: after a crash it holds the old text or the new, whole. */
export async function writeFileDurably(path: string, text: string): Promise<void> {
  const draftPath = `${path}.draft`;
  const draft = await open(draftPath, 'w', 0o600);
  try {
    await draft.writeFile(text);
    await draft.sync();
  } finally {
    await draft.close();
  }
  await rename(draftPath, path);
  // The new name is durable only when its directory is.
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
