import { Command } from 'commander';
import { checkTlsFiles } from '#src/config/check-tls-files.js';
import { configJsonSchema, describeConfig } from '#src/config/describe-config.js';
import type { LoadedConfig } from '#src/config/load-config.js';
import { readVersionInfo } from '#src/observability/version.js';
import { addBackupCommands } from './backup-commands.js';
import { addMaintenanceCommands } from './maintenance-commands.js';
import { addConfigFlags, loadCommandConfig } from './config-flags.js';

/** What the commands need of the process; tests give their own. */
export interface ProgramContext {
  readonly env: NodeJS.ProcessEnv;
  readonly isTerminal: boolean;
  print(text: string): void;
  /** Progress and the like, which is not the result. */
  printAside(text: string): void;
  /** Everything that stdin holds. */
  readInput(): Promise<string>;
  setExitCode(code: number): void;
  serve(loaded: LoadedConfig, options: { readonly withBanner: boolean }): Promise<void>;
}

/** The command line. A faulty configuration makes `parseAsync` reject with `ConfigError`. */
export function createProgram(context: ProgramContext): Command {
  const program = new Command('gantry').description('A DICOM store: DICOMweb and DIMSE');

  addConfigFlags(program.command('serve').description('start the store'))
    .option('--banner', 'say where it listens and what to try, also when not on a terminal')
    .action(async (_, command: Command) => {
      const withBanner = context.isTerminal || command.opts()['banner'] === true;
      await context.serve(loadCommandConfig(command, context.env), { withBanner });
    });

  addConfigFlags(program.command('check-config').description('check the configuration')).action(
    (_, command: Command) => {
      const loaded = loadCommandConfig(command, context.env);
      checkTlsFiles(loaded);
      for (const warning of loaded.warnings) context.print(`warning: ${warning}\n`);
      context.print('the configuration is usable\n');
    },
  );

  addConfigFlags(program.command('print-config').description('print every value and its source'))
    .option('--schema', 'print the JSON Schema of the configuration file instead')
    .action((_, command: Command) => {
      context.print(
        command.opts()['schema'] === true
          ? `${JSON.stringify(configJsonSchema(), null, 2)}\n`
          : describeConfig(loadCommandConfig(command, context.env)),
      );
    });

  addMaintenanceCommands(program, context);
  addBackupCommands(program, context);

  program
    .command('hash-passcode <name>')
    .description('print a line for dimse.userIdentity.usersFile; the passcode is read from stdin')
    .action(async (name: string) => {
      const { hashPasscode } = await import('#src/dimse/user-identity/passcode-hash.js');
      const [passcode = ''] = (await context.readInput()).split(/\r?\n/);
      if (name.includes(':') || passcode === '') {
        throw new Error('a name has no colon, and the passcode is the first line of stdin');
      }
      context.print(`${name}:${await hashPasscode(Buffer.from(passcode))}\n`);
    });

  program
    .command('version')
    .description('print the versions of the store, of Node.js and of the platform')
    .action(() => {
      const { name, version, node, platform } = readVersionInfo();
      context.print(`${name} ${version} (node ${node}, ${platform})\n`);
    });
  return program;
}
