import { readFileSync } from 'node:fs'

/** The package's version; the file is found from src/app as from dist/app. */
export const version: string = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
  .version
