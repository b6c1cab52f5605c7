import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../support/program.ts'
import type { Room } from '../support/room.ts'

type Body = Readonly<Record<string, unknown>>

/** A directory of HCL as a parser sees it, and as text. */
export interface HclModule {
  readonly resources: readonly { readonly type: string; readonly name: string; readonly body: Body }[]
  readonly data: readonly { readonly type: string; readonly name: string; readonly body: Body }[]
  readonly sources: readonly { readonly type: string; readonly name: string; readonly body: Body }[]
  readonly modules: readonly { readonly name: string; readonly body: Body }[]
  readonly variables: ReadonlyMap<string, Body>
  readonly locals: readonly string[]
  readonly outputs: readonly string[]
  /** Without comments. */
  readonly text: string
}

interface Parsed {
  readonly resource?: readonly Record<string, Record<string, Body>>[]
  readonly data?: readonly Record<string, Record<string, Body>>[]
  readonly source?: readonly Record<string, Record<string, Body>>[]
  readonly module?: readonly Record<string, Body>[]
  readonly variable?: readonly Record<string, Body>[]
  readonly output?: readonly Record<string, Body>[]
  readonly locals?: readonly Body[]
}

/** Reads every file of the directory that ends so, with python-hcl2. */
export async function readHcl(room: Room, directory: string, ending: string): Promise<HclModule> {
  const files = (await readdir(directory)).filter((name) => name.endsWith(ending)).map((name) => join(directory, name))
  const parsed: Parsed[] = []
  const texts: string[] = []
  for (const file of files) {
    const json = room.path('parsed.json')
    await runProgram(linter('hcl2tojson'), ['--strip-string-quotes', '--no-explicit-blocks', '-o', json, file])
    parsed.push(JSON.parse(await readFile(json, 'utf8')))
    texts.push((await readFile(file, 'utf8')).replace(/^\s*#.*$/gm, '').replace(/\s#\s.*$/gm, ''))
  }
  const named = (kind: 'module' | 'variable' | 'output') => parsed.flatMap((one) => one[kind] ?? []).flatMap((one) => Object.entries(one))
  const typed = (kind: 'resource' | 'data' | 'source') =>
    parsed
      .flatMap((one) => one[kind] ?? [])
      .flatMap((one) => Object.entries(one))
      .flatMap(([type, bodies]) => Object.entries(bodies).map(([name, body]) => ({ type, name, body })))
  return {
    resources: typed('resource'),
    data: typed('data'),
    sources: typed('source'),
    modules: named('module').map(([name, body]) => ({ name, body })),
    variables: new Map(named('variable')),
    locals: parsed.flatMap((one) => one.locals ?? []).flatMap((one) => Object.keys(one)),
    outputs: named('output').map(([name]) => name),
    text: texts.join('\n'),
  }
}

/** What the text names that is nowhere declared, and what is declared and never named. */
export function looseEnds({ text, resources, data, modules, variables, locals }: HclModule): string[] {
  const declared = [
    ...[...variables.keys()].map((name) => `var.${name}`),
    ...locals.map((name) => `local.${name}`),
    ...modules.map(({ name }) => `module.${name}`),
    ...data.map(({ type, name }) => `data.${type}.${name}`),
    ...resources.map(({ type, name }) => `${type}.${name}`),
  ]
  const pattern = /\b(?:var|local|module)\.[\w-]+|\bdata\.\w+\.\w+|(?<![.\w])aws_\w+\.\w+/g
  const used = new Set(text.match(pattern))
  const undeclared = [...used].filter((reference) => !declared.includes(reference)).map((reference) => `${reference} is not declared`)
  const unused = declared.filter((name) => /^(var|local)\./.test(name) && !used.has(name)).map((name) => `${name} is not used`)
  return [...undeclared, ...unused]
}

/** Arguments of a call that the module does not know, and those that it wants and does not get. */
export function wrongArguments(call: Body, { variables }: HclModule): string[] {
  const given = Object.keys(call).filter((name) => !['source', 'for_each', 'count', 'providers', 'depends_on'].includes(name))
  const unknown = given.filter((name) => !variables.has(name)).map((name) => `${name} is no variable of ${call.source}`)
  const wanted = [...variables].filter(([name, body]) => !('default' in body) && !given.includes(name))
  return [...unknown, ...wanted.map(([name]) => `${call.source} wants ${name}`)]
}

/** run.sh installs it and says where. */
function linter(name: string): string {
  const directory = process.env.LOGRELAY_LINTERS
  if (directory === undefined) throw new Error(`LOGRELAY_LINTERS is not set: start this through test/real/run.sh, which installs ${name}`)
  return join(directory, name)
}
