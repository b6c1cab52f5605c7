/** Puts a text between the markers of a section, `<!-- name: begin -->` and `<!-- name: end -->`. Throws when they are not there. */
export function replaceSection(page: string, name: string, text: string): string {
  const begin = `<!-- ${name}: begin -->`
  const end = `<!-- ${name}: end -->`
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the page has lost its markers ${begin} and ${end}`)
  return `${page.slice(0, from + begin.length)}\n${text.trim()}\n${page.slice(to)}`
}
