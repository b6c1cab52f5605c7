import type { Finding } from '../app/doctor/finding.ts'
import { escapeControl } from '../config/escape-control.ts'
import { type Command, type CommandContext, exitStatus } from './command.ts'
import { renderDoctorJson, renderTally, renderTopic } from './render-doctor.ts'

export function doctorCommand({ terminal, relay, exit }: CommandContext): Command<{ json: boolean }> {
  return {
    command: 'doctor',
    describe: 'Look at this host as an operator would: what is right, what is not, and the command that mends it',
    builder: (yargs) =>
      yargs
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
        .example('sudo logrelay doctor', 'root sees most; exit status 1 when there is a problem'),
    handler: async ({ config, json }) => {
      const examination = await relay.doctor({ configFile: config })
      const { version, configFile, usable } = examination
      const findings: Finding[] = []
      if (!json) await terminal.out(`logrelay ${version} looks at this host with ${escapeControl(configFile)}\n\n`)
      for await (const topic of byTopic(examination.findings)) {
        findings.push(...topic)
        // A receiver that does not answer takes its time: what is known is shown.
        if (!json) await terminal.out(renderTopic((topic[0] as Finding).topic, topic))
      }
      if (examination.interrupted()) terminal.err('interrupted: not everything was looked at\n')
      await terminal.out(json ? renderDoctorJson({ version, configFile, usable, findings }) : renderTally(findings))
      exit(statusOf(findings, usable, examination.interrupted()))
    },
  }
}

/** Findings of one topic that come one after the other. */
async function* byTopic(findings: AsyncIterable<Finding>): AsyncGenerator<Finding[]> {
  let group: Finding[] = []
  for await (const finding of findings) {
    if (group[0] !== undefined && group[0].topic !== finding.topic) {
      yield group
      group = []
    }
    group.push(finding)
  }
  if (group.length > 0) yield group
}

function statusOf(findings: readonly Finding[], usable: boolean, interrupted: boolean): number {
  if (!usable) return exitStatus.usage
  return interrupted || findings.some(({ state }) => state === 'problem') ? exitStatus.failure : exitStatus.ok
}
