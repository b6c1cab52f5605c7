import { shellWord } from './shell-word.ts'

/** Read by every command that is given no other (config/resolve-config-file.ts). */
const systemFile = '/etc/logrelay/logrelay.yaml'

/** A command line of ours that looks at the same configuration: `logrelay status --config /srv/relay.yaml`. */
export function ownCommand(command: string, configFile: string | undefined): string {
  const file = configFile === undefined || configFile === systemFile ? '' : ` --config ${shellWord(configFile)}`
  return `logrelay ${command}${file}`
}
