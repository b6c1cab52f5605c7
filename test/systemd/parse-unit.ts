/** A unit file's settings by section, each with all of its values in order. A line that is none of systemd's is an error. */
export type Unit = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

export function parseUnit(text: string): Unit {
  const unit: Record<string, Record<string, string[]>> = {}
  let section: Record<string, string[]> | undefined
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const header = /^\[(\w+)\]$/.exec(line)
    const setting = /^([A-Z]\w+)=(.*)$/.exec(line)
    if (header?.[1] !== undefined) {
      section = unit[header[1]] ?? {}
      unit[header[1]] = section
    } else if (setting?.[1] !== undefined && section !== undefined) {
      const values = section[setting[1]] ?? []
      values.push(setting[2] ?? '')
      section[setting[1]] = values
    } else throw new Error(`not a line of a unit: ${line}`)
  }
  return unit
}

/** The last value of a setting in [Service], which is the one that counts. */
export function service(unit: Unit, setting: string): string | undefined {
  return unit.Service?.[setting]?.at(-1)
}

/** A time span in seconds: `40`, `10min`. */
export function seconds(span: string | undefined): number {
  const [, number, unit = 's'] = /^(\d+)(s|min)?$/.exec(span ?? '') ?? []
  return Number(number) * (unit === 'min' ? 60 : 1)
}
