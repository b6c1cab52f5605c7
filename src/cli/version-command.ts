import { version } from '../app/version.ts'
import type { Command, CommandContext } from './command.ts'

export function versionText(): string {
  return `logrelay ${version} (Node.js ${process.versions.node}, ${process.platform} ${process.arch})`
}

export function versionCommand({ terminal }: CommandContext): Command<object> {
  return {
    command: 'version',
    describe: 'Print the version',
    handler: () => terminal.out(`${versionText()}\n`),
  }
}
