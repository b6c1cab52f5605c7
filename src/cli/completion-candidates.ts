import type { CommandNode, ValueNode } from './completion-tree.ts'

export interface Candidate {
  readonly value: string
  readonly description: string
}

/** What may stand at the cursor: one of these words, or a name that somebody else knows. */
export type Expected = { readonly kind: 'words'; readonly words: readonly Candidate[] } | { readonly kind: NameKind }

export type NameKind = 'file' | 'directory' | 'pipeline' | 'device'

/** What a value names, by what it is called: yargs is not told. */
const nameKinds: Readonly<Record<string, NameKind>> = {
  config: 'file',
  out: 'file',
  measured: 'file',
  dir: 'directory',
  pipeline: 'pipeline',
  type: 'device',
}

export interface Completion {
  readonly expected: Expected
  /** What is typed of it already. */
  readonly current: string
  /** What --config names on this line. */
  readonly config: string | undefined
}

/**
 * What may stand in place of the last word. `words` are those behind the program's name as the shell splits them: bash makes three of
 * `--config=FILE`, zsh one. Only the value behind `=` is answered, as both want it.
 */
export function completionOf(tree: CommandNode, words: readonly string[]): Completion {
  const line = joinEquals(words)
  const current = line.pop() ?? ''
  const at = new Position(tree)
  for (const word of line) at.pass(word)
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(current) ?? []
  if (name !== undefined && value !== undefined && !at.onlyArguments) {
    return { expected: expectedValue(at.option(name)), current: value, config: at.config }
  }
  return { expected: at.expected(current), current, config: at.config }
}

/** `--config`, `=`, `FILE` are one word. */
function joinEquals(words: readonly string[]): string[] {
  const joined: string[] = []
  for (const [at, word] of words.entries()) {
    const last = joined.at(-1) ?? ''
    const equals = word === '=' && /^--[^=]+$/.test(last)
    const value = words[at - 1] === '=' && /^--[^=]+=$/.test(last)
    if (equals || value) joined.pop()
    joined.push(equals || value ? last + word : word)
  }
  return joined
}

/** Where on a command line the cursor has come to. */
class Position {
  config: string | undefined
  /** Behind `--`. */
  onlyArguments = false
  #node: CommandNode
  #options: readonly ValueNode[]
  #arguments = 0
  #waiting: ValueNode | undefined
  readonly #given = new Set<string>()

  constructor(tree: CommandNode) {
    this.#node = tree
    this.#options = tree.options
  }

  option(name: string): ValueNode | undefined {
    return this.#options.find((option) => option.name === name || option.aliases.includes(name))
  }

  pass(word: string): void {
    if (this.#waiting !== undefined) {
      this.#take(this.#waiting, word)
      this.#waiting = undefined
    } else if (word === '--') this.onlyArguments = true
    else if (word.startsWith('-') && !this.onlyArguments) this.#passOption(word)
    else this.#passArgument(word)
  }

  expected(current: string): Expected {
    if (this.#waiting !== undefined) return expectedValue(this.#waiting)
    if (current.startsWith('-') && !this.onlyArguments) return wordsOf(this.#openOptions())
    if (this.#node.commands.length > 0 && !this.onlyArguments) {
      return wordsOf(this.#node.commands.map(({ path, description }) => ({ value: path.at(-1) as string, description })))
    }
    const argument = this.#node.positionals[this.#arguments]
    if (argument !== undefined) return expectedValue(argument)
    return wordsOf(this.onlyArguments ? [] : this.#openOptions())
  }

  #passOption(word: string): void {
    const [, name = '', value] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const option = this.option(name)
    if (option === undefined) return
    this.#given.add(option.name)
    if (value !== undefined) this.#take(option, value)
    else if (option.type !== 'boolean') this.#waiting = option
  }

  #take({ name }: ValueNode, value: string): void {
    if (name === 'config') this.config = value
  }

  #passArgument(word: string): void {
    const next = this.#node.commands.find(({ path, aliases }) => path.at(-1) === word || aliases.includes(word))
    if (next === undefined) this.#arguments++
    else {
      this.#node = next
      // Those of the command are of more use than those of all.
      this.#options = [...next.options, ...this.#options]
    }
  }

  #openOptions(): Candidate[] {
    const open = this.#options.filter(({ name, type }) => type === 'array' || !this.#given.has(name))
    return open.map(({ name, description }) => ({ value: `--${name}`, description }))
  }
}

function expectedValue(value: ValueNode | undefined): Expected {
  if (value === undefined) return wordsOf([])
  const kind = value.choices.length === 0 ? nameKinds[value.name] : undefined
  if (kind !== undefined) return { kind }
  return wordsOf(value.choices.map((choice) => ({ value: choice, description: '' })))
}

function wordsOf(words: readonly Candidate[]): Expected {
  return { kind: 'words', words }
}
