import { Option, type Command } from 'commander';
import { configOptions } from '#src/config/config-options.js';
import { loadConfig, type LoadedConfig } from '#src/config/load-config.js';

/** Adds `--config` and a flag for each option of the table. */
export function addConfigFlags(command: Command): Command {
  command.option('--config <file>', 'configuration file, YAML or JSON (GANTRY_CONFIG)');
  for (const row of configOptions) {
    // a boolean may stand alone: --insecure is --insecure=true
    const value = typeof row.default === 'boolean' ? '[true|false]' : '<value>';
    const option = new Option(`${row.flag} ${value}`, row.doc);
    command.addOption(option.helpGroup('Configuration (docs/CONFIGURATION.md):'));
  }
  return command;
}

/** The configuration out of what `command` was given, the environment and the file. Throws `ConfigError`. */
export function loadCommandConfig(command: Command, env: NodeJS.ProcessEnv): LoadedConfig {
  const given = command.opts<Record<string, string | true | undefined>>();
  const flags = new Map<string, string>();
  for (const option of command.options) {
    const text = given[option.attributeName()];
    if (text !== undefined && option.long !== undefined) {
      flags.set(option.long, String(text));
    }
  }
  const { config: configFile } = command.opts<{ config?: string }>();
  return loadConfig({ env, flags, ...(configFile === undefined ? {} : { configFile }) });
}
