import { whole } from './format.ts'
import type { Spread } from './statistics.ts'

export interface ChartRow {
  readonly name: string
  /** What becomes of a message before it is forwarded, in a few words. */
  readonly detail: string
  readonly ours: boolean
  readonly messagesPerSecond: Spread
  readonly cpuMicroseconds: Spread
}

interface Panel {
  readonly title: string
  readonly left: number
  readonly width: number
  readonly value: (row: ChartRow) => Spread
  readonly format: (value: number) => string
}

const width = 920
const labelWidth = 250
const top = 76
const rowHeight = 40
const barHeight = 16
const footHeight = 34
// The value stands behind the longest bar.
const valueWidth = 80
const panels: readonly Panel[] = [
  { title: 'messages/s, longer is better', left: labelWidth, width: 360, value: (row) => row.messagesPerSecond, format: whole },
  {
    title: 'CPU µs/message, shorter is better',
    left: labelWidth + 390,
    width: 260,
    value: (row) => row.cpuMicroseconds,
    format: (value) => value.toFixed(2),
  },
]

// An image in a page cannot see the page's colours, but it can see what the reader's system asks for.
const style = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .muted { font-size: 11px; fill: #59636e }
  .surface { fill: #ffffff }
  .axis { stroke: #c4ccd4 }
  .ours { fill: #0b6bcb }
  .peer { fill: #99a3ad }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .muted { fill: #9198a1 }
    .surface { fill: #0d1117 }
    .axis { stroke: #3d444d }
    .ours { fill: #4493f8 }
    .peer { fill: #656c76 }
    .spread { stroke: #e6edf3 }
  }`

/** An SVG image: a row for each relay, with bars of throughput and of processor time, and lines from the least to the most of its runs. */
export function throughputChart(title: string, note: string, rows: readonly ChartRow[]): string {
  const height = top + rows.length * rowHeight + footHeight
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>${style}
</style>
<rect class="surface" width="${width}" height="${height}" rx="8"/>
<text class="title" x="20" y="30">${escapeXml(title)}</text>
${rows.map(label).join('\n')}
${panels.map((panel) => drawPanel(panel, rows)).join('\n')}
<text class="muted" x="20" y="${height - 14}">${escapeXml(note)}</text>
</svg>
`
}

function label(row: ChartRow, index: number): string {
  const y = rowTop(index)
  const weight = row.ours ? ' font-weight="600"' : ''
  return `<text x="20" y="${y + 14}"${weight}>${escapeXml(row.name)}</text><text class="muted" x="20" y="${y + 28}">${escapeXml(row.detail)}</text>`
}

function drawPanel(panel: Panel, rows: readonly ChartRow[]): string {
  const most = Math.max(...rows.map((row) => panel.value(row).most))
  const scale = (value: number) => (most > 0 ? (value / most) * (panel.width - valueWidth) : 0)
  const bottom = rowTop(rows.length) - 6
  return `<text class="muted" x="${panel.left}" y="${top - 14}">${panel.title}</text>
<line class="axis" x1="${panel.left}" y1="${top - 4}" x2="${panel.left}" y2="${bottom}"/>
${rows.map((row, index) => bar(panel, row, index, scale)).join('\n')}`
}

function bar(panel: Panel, row: ChartRow, index: number, scale: (value: number) => number): string {
  const { median, least, most } = panel.value(row)
  const y = rowTop(index) + 6
  const middle = y + barHeight / 2
  const at = (value: number) => (panel.left + scale(value)).toFixed(1)
  const whisker = least === most ? '' : `<line class="spread" x1="${at(least)}" y1="${middle}" x2="${at(most)}" y2="${middle}"/>`
  const value = `<text x="${(panel.left + scale(most) + 6).toFixed(1)}" y="${middle + 4.5}">${panel.format(median)}</text>`
  return `<rect class="${row.ours ? 'ours' : 'peer'}" x="${panel.left}" y="${y}" width="${scale(median).toFixed(1)}" height="${barHeight}" rx="2"/>${whisker}${value}`
}

function rowTop(index: number): number {
  return top + index * rowHeight
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
