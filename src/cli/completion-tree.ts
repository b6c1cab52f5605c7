import type { Argv, CommandModule, Options, PositionalOptions } from 'yargs'

/** A value that a command takes, with its dashes off: `limit`. */
export interface ValueNode {
  readonly name: string
  readonly aliases: readonly string[]
  /** `array`: may be given several times, each time with one value. */
  readonly type: 'string' | 'number' | 'boolean' | 'array'
  readonly required: boolean
  readonly choices: readonly string[]
  readonly default: unknown
  readonly description: string
}

/** A command as it was declared: what completion and the manual page are made from. */
export interface CommandNode {
  /** From the program's name on: `['logrelay', 'deadletter', 'show']`. */
  readonly path: readonly string[]
  readonly aliases: readonly string[]
  description: string
  readonly positionals: ValueNode[]
  /** Its own ones: those of the commands above it hold as well. */
  readonly options: ValueNode[]
  readonly commands: CommandNode[]
  readonly examples: { readonly command: string; readonly description: string }[]
  readonly epilogues: string[]
}

/** What yargs says of options of its own. */
const ownOptions = { help: 'Show help', version: 'Show version number' } as const

/** Calls that say how a command line is read, and nothing of what may stand in it. */
const rules = new Set(
  'scriptName locale check demandCommand strict recommendCommands wrap parserConfiguration exitProcess fail conflicts implies'.split(' '),
)

/** Properties of an option that the tree keeps, or that say nothing of how it is written. */
const properties = new Set('type array requiresArg demandOption default choices alias describe coerce'.split(' '))

/**
 * The commands that `declare` declares. yargs prints what it was told and hands out none of it, so this listens instead of
 * yargs. Throws at a call or a property that it does not know: a manual page without an option would not be noticed.
 */
export function commandTree(program: string, declare: (cli: Argv) => unknown): CommandNode {
  return listen({ path: [program], aliases: [], description: '' }, [], declare)
}

type Head = Pick<CommandNode, 'path' | 'aliases' | 'description'>

function listen(head: Head, places: readonly Place[], declare: (cli: Argv) => unknown): CommandNode {
  const node: CommandNode = { ...head, positionals: [], options: [], commands: [], examples: [], epilogues: [] }
  const told = new Map<string, PositionalOptions>()
  const add = (name: string, options: Options) => node.options.push(valueNode(name, options))
  const calls: Record<string, (...args: never[]) => unknown> = {
    option: add,
    positional: (name: string, options: PositionalOptions) => told.set(name, options),
    command: (module: CommandModule) => module.describe !== false && node.commands.push(subcommand(head, module)),
    example: (command: string, description: string) => node.examples.push({ command, description }),
    epilogue: (text: string) => node.epilogues.push(text),
    // Its first paragraph is the synopsis.
    usage: (text: string) => {
      node.description = text.split('\n\n')[1] ?? ''
    },
    help: () => add('help', { type: 'boolean', describe: ownOptions.help }),
    version: () => add('version', { type: 'boolean', describe: ownOptions.version }),
    alias: (name: string, alias: string) => addAlias(node, name, alias),
  }
  const cli = new Proxy(calls, {
    get: (_, name: string) => {
      const call = calls[name] ?? (rules.has(name) ? () => {} : undefined)
      if (call === undefined) throw new Error(`${head.path.join(' ')}: the tree of commands does not know .${name}() of yargs`)
      return (...args: never[]) => {
        call(...args)
        return cli
      }
    },
  })
  declare(cli as unknown as Argv)
  for (const { name, required } of places) {
    node.positionals.push({ ...valueNode(name, told.get(name) ?? {}), required })
    told.delete(name)
  }
  for (const name of told.keys()) throw new Error(`${head.path.join(' ')}: there is no place for ${name}`)
  return node
}

interface Place {
  readonly name: string
  readonly required: boolean
}

function subcommand({ path }: Head, { command, aliases, describe, builder }: CommandModule): CommandNode {
  const [first = '', ...others] = [command ?? [], aliases ?? []].flat()
  const [name = '', ...places] = first.split(' ')
  if (builder !== undefined && typeof builder !== 'function') throw new Error(`${name}: the tree of commands wants a builder to be called`)
  const head = { path: [...path, name], aliases: others.map((other) => other.split(' ')[0] as string), description: describe || '' }
  return listen(head, places.map(readPlace), (cli) => builder?.(cli))
}

function readPlace(text: string): Place {
  const [, opening, name] = /^([<[])([a-z-]+)[>\]]$/.exec(text) ?? []
  if (name === undefined) throw new Error(`the tree of commands does not know an argument that is written ${text}`)
  return { name, required: opening === '<' }
}

function valueNode(name: string, options: Options | PositionalOptions): ValueNode {
  const unknown = Object.keys(options).find((key) => !properties.has(key))
  if (unknown !== undefined) throw new Error(`--${name}: the tree of commands does not know "${unknown}"`)
  const { type = 'string', array, demandOption, choices, alias, describe } = options as Options
  const known = array ? 'array' : type
  if (known !== 'string' && known !== 'number' && known !== 'boolean' && known !== 'array') {
    throw new Error(`--${name}: the tree of commands does not know the type ${known}`)
  }
  return {
    name,
    aliases: [alias ?? []].flat(),
    type: known,
    required: Boolean(demandOption),
    choices: (choices ?? []).map(String),
    default: options.default,
    description: describe ?? '',
  }
}

function addAlias(node: CommandNode, name: string, alias: string): void {
  const at = node.options.findIndex((option) => option.name === name)
  const option = node.options[at]
  if (option === undefined) throw new Error(`there is no --${name} to be called ${alias}`)
  node.options[at] = { ...option, aliases: [...option.aliases, alias] }
}
