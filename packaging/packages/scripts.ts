import { readFileSync } from 'node:fs'

/** The parts that Debian's and RPM's maintainer scripts share; each expects `$action`. */
export function script(name: 'after-install' | 'before-remove' | 'after-remove'): string {
  return readFileSync(new URL(`scripts/${name}.sh`, import.meta.url), 'utf8')
}
