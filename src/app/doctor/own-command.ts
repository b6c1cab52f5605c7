import { unitName } from './service-state.ts'
import { shellWord } from './shell-word.ts'

/** Read by every command that is given no other (config/resolve-config-file.ts). */
const systemFile = '/etc/logrelay/logrelay.yaml'

/** A command line of ours that looks at the same configuration: `logrelay status --config /srv/relay.yaml`. */
export function ownCommand(command: string, configFile: string | undefined): string {
  const file = configFile === undefined || configFile === systemFile ? '' : ` --config ${shellWord(configFile)}`
  return `logrelay ${command}${file}`
}

/** The service is started with this file; another one is only looked at. */
export function isServiceFile(configFile: string | undefined): boolean {
  return configFile === systemFile
}

/** Makes the service fit its own configuration. Of another one it only shows what that needs. */
export function fitService(configFile: string | undefined): string {
  return isServiceFile(configFile) ? `logrelay unit --write && systemctl restart ${unitName}` : ownCommand('unit', configFile)
}
