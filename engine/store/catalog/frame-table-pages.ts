/** A frame table is stored in pages, so that one frame of a long instance reads 64 KiB of it at most. */
export const frameTableEntryBytes = 16;
export const frameTablePageEntries = 4_096;
export const frameTablePageBytes = frameTablePageEntries * frameTableEntryBytes;
