import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandNode } from '../../src/cli/completion-tree.ts'
import { relayApi } from '../../src/cli/relay-api.ts'
import { describeCli } from '../../src/cli/run-cli.ts'
import { processTerminal } from '../../src/cli/terminal.ts'
import { root } from '../binary/targets.ts'
import { commandSections, optionItem } from './man-commands.ts'
import { bold, escapeRoff, italic, item, sentence } from './roff.ts'

/** logrelay(1), in man(7) macros, made from what the commands say of themselves. `dateMs`: of the commit. */
export async function manPage({ dateMs }: { dateMs: number }): Promise<string> {
  const tree = describeCli({ terminal: processTerminal(), relay: relayApi, exit: () => {} })
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return renderManPage(tree, { version, dateMs })
}

export function renderManPage(tree: CommandNode, { version, dateMs }: { version: string; dateMs: number }): string {
  const date = new Date(dateMs).toISOString().slice(0, 10)
  return `${[
    '.\\" Made from the help of the program.',
    `.TH LOGRELAY 1 ${date} "logrelay ${escapeRoff(version)}"`,
    '.SH NAME',
    'logrelay \\- durable syslog relay with a queue on disk',
    '.SH SYNOPSIS',
    `${bold('logrelay')} ${italic('COMMAND')} [${italic('options')}]`,
    '.SH DESCRIPTION',
    ...description,
    '.SH OPTIONS',
    'Every command takes these.',
    ...tree.options.flatMap(optionItem),
    '.SH COMMANDS',
    ...commandSections(tree),
    '.SH FILES',
    ...files,
    '.SH SIGNALS',
    ...signals,
    '.SH ENVIRONMENT',
    ...environment,
    '.SH EXIT STATUS',
    ...exitStatuses,
    '.SH SEE ALSO',
    ...seeAlso,
  ].join('\n')}\n`
}

const description = [
  'A relay for syslog, between the devices that send it and whatever collects it.',
  'It takes messages over UDP, TCP, TLS and RELP, one port for each type of device, keeps them in a queue on disk for each pipeline, and',
  'delivers them with back\\-off until they are taken: what was received is delivered, queued, rejected or counted as dropped.',
  '.PP',
  `${bold('logrelay check')} says what is wrong in a configuration, and`,
  `${bold('logrelay start')} runs it.`,
  `As a service it is enabled with ${bold('systemctl enable --now logrelay')}.`,
]

const files = [
  ...item(italic('/etc/logrelay/logrelay.yaml'), 'The configuration.', 'Without it a built\\-in one is used, for trying things out.'),
  ...item(
    italic('/var/lib/logrelay'),
    sentence(
      'The usual `data_dir`: queues, dead letters, a certificate that was made here, and the socket that commands speak to a running relay through',
    ),
    'Only the user of the relay can read it.',
  ),
  ...item(
    italic('/usr/lib/systemd/system/logrelay.service'),
    'The service.',
    sentence('Changes belong into `/etc/systemd/system/logrelay.service.d`'),
  ),
  ...item(italic('/usr/share/doc/logrelay'), 'The documentation, and the licences of all that is inside.'),
]

const signals = [
  ...item(bold('SIGHUP'), 'The configuration is read again.', 'One with mistakes is refused, and the old one stays.'),
  ...item(
    `${bold('SIGTERM')}, ${bold('SIGINT')}`,
    sentence(
      'The relay leaves its load balancer (`drain_delay`), closes its ports, delivers what is queued until `stop_timeout`, and ends',
    ),
    'What is left waits on disk.',
    'A second one ends every wait.',
  ),
]

const environment = [
  ...item(
    bold('LOGRELAY_CACHE_DIR'),
    'Where the single executable puts its two libraries when they do not lie beside it:',
    'a directory that belongs to its user alone, on a file system that is neither read\\-only nor mounted noexec.',
    sentence('Default: `logrelay` in XDG_CACHE_HOME or in ~/.cache, else a directory for temporary files'),
  ),
  ...item(bold('CREDENTIALS_DIRECTORY'), 'Set by systemd: where secrets with relative names are looked for first.'),
  ...item(
    `${bold('http_proxy')}, ${bold('https_proxy')}, ${bold('no_proxy')}`,
    sentence('For sinks that speak HTTP, where their `proxy` is left to the environment'),
  ),
]

const exitStatuses = [
  ...item(bold('0'), 'All went well.'),
  ...item(bold('1'), 'Something failed.'),
  ...item(bold('2'), 'The command line or the configuration is wrong.'),
]

const seeAlso = [
  ...[`${bold('systemctl')}(1),`, `${bold('journalctl')}(1),`, `${bold('systemd.exec')}(5)`],
  '.PP',
  sentence('In `/usr/share/doc/logrelay`: configuration.md, operations.md, destinations.md, s3.md, errors.md'),
]
