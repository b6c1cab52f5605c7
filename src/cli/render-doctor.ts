import type { Finding, FindingState, Topic } from '../app/doctor/finding.ts'
import { escapeControl } from '../config/escape-control.ts'
import { renderTable } from './render-table.ts'

/** What `--json` prints, beside the findings. */
export interface DoctorDocument {
  readonly version: string
  readonly configFile: string
  readonly usable: boolean
  readonly findings: readonly Finding[]
}

/** What was found of one topic, the command that mends it below each finding, on a line of its own. */
export function renderTopic(topic: Topic, findings: readonly Finding[]): string {
  const rows = findings.map(({ state, subject, says }) => ['', state, escapeControl(subject), escapeControl(says)])
  const [, ...lines] = renderTable([{ title: '' }, { title: '' }, { title: '' }, { title: '' }], rows).split('\n')
  const told = findings.map(({ mend }, index) => `${lines[index]}\n${mend === undefined ? '' : `${indent}${escapeControl(mend)}\n`}`)
  return `${topic.toUpperCase()}\n${told.join('')}\n`
}

/** Deep enough to be told from a finding. */
const indent = ' '.repeat(12)

/** `1 problem, 2 warnings, 3 unknown, 30 ok` */
export function renderTally(findings: readonly Finding[]): string {
  const count = (wanted: FindingState) => findings.filter(({ state }) => state === wanted).length
  const plural = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`
  const unknown = count('unknown')
  const parts = [plural(count('problem'), 'problem'), plural(count('warning'), 'warning'), ...(unknown === 0 ? [] : [`${unknown} unknown`])]
  return `${parts.join(', ')}, ${count('ok')} ok\n`
}

/** One JSON document. */
export function renderDoctorJson(document: DoctorDocument): string {
  return `${JSON.stringify(document, null, 2).replace(/[\u007f-\u009f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
}
