import { build } from '../app/version.ts'
import type { Command, CommandContext } from './command.ts'

export function versionText(): string {
  const from = build.commit === undefined ? 'from sources' : `commit ${build.commit}`
  return `logrelay ${build.version} (${from}, Node.js ${process.versions.node}, ${process.platform} ${process.arch})`
}

export function versionCommand({ terminal }: CommandContext): Command<object> {
  return {
    command: 'version',
    describe: 'Print the version',
    handler: () => terminal.out(`${versionText()}\n`),
  }
}
