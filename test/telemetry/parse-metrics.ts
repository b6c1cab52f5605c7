export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ParsedFamily {
  readonly help: string
  readonly type: string
  readonly samples: ParsedSample[]
}

/** Prometheus' text format 0.0.4, strictly: every sample follows its own HELP and TYPE, and no series comes twice. */
export function parseMetrics(text: string): Map<string, ParsedFamily> {
  const families = new Map<string, ParsedFamily>()
  const series = new Set<string>()
  let help: { name: string; text: string } | undefined
  let family: ParsedFamily | undefined
  let familyName = ''
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line)
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment
      if (kind === 'HELP') help = { name, text: rest }
      else {
        if (help?.name !== name || families.has(name)) throw new Error(`TYPE without its HELP: ${line}`)
        family = { help: help.text, type: rest, samples: [] }
        familyName = name
        families.set(name, family)
      }
      continue
    }
    const sample = parseSample(line)
    const base = family?.type === 'histogram' ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name
    if (base !== familyName) throw new Error(`a sample outside of its family: ${line}`)
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`
    if (series.has(key)) throw new Error(`a series twice: ${line}`)
    series.add(key)
    family?.samples.push(sample)
  }
  return families
}

function parseSample(line: string): ParsedSample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
  if (match === null) throw new Error(`not a sample: ${line}`)
  const [, name = '', inner = '', text = ''] = match
  const labels: Record<string, string> = {}
  const left = inner.replace(/([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/g, (_all, label: string, value: string) => {
    labels[label] = value.replace(/\\(["\\n])/g, (_escape, char: string) => (char === 'n' ? '\n' : char))
    return ''
  })
  if (left !== '') throw new Error(`not labels: ${left}`)
  const value = /^nan$/i.test(text) ? Number.NaN : Number(text.replace('Inf', 'Infinity'))
  return { name, labels, value }
}
