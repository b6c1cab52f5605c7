import type { CommandNode, ValueNode } from '../../src/cli/completion-tree.ts'
import { bold, escapeRoff, italic, item, sentence } from './roff.ts'

/** A subsection for each command that can be run or leads to some, with all that its help says. */
export function commandSections(tree: CommandNode): string[] {
  return tree.commands.flatMap((command) => [...commandSection(command), ...commandSections(command)])
}

function commandSection(command: CommandNode): string[] {
  const names = command.aliases.map((alias) => bold(alias)).join(', ')
  return [
    `.SS ${title(command)}`,
    sentence(command.description),
    ...(names === '' ? [] : [`Also called ${names}.`]),
    ...command.positionals.flatMap((value) => item(italic(value.name), ...valueText(value))),
    ...command.options.flatMap(optionItem),
    ...command.examples.flatMap(exampleParagraph),
    ...command.epilogues.flatMap((text) => ['.PP', ...text.split('\n').map(sentence)]),
  ]
}

function title({ path, positionals, options, commands }: CommandNode): string {
  const [program = '', ...names] = path
  const values = positionals.map(({ name, required }) => (required ? italic(name) : `[${italic(name)}]`))
  const rest = commands.length > 0 ? [italic('COMMAND')] : options.length > 0 ? [`[${italic('options')}]`] : []
  return [bold([program, ...names].join(' ')), ...values, ...rest].join(' ')
}

export function optionItem(option: ValueNode): string[] {
  const names = [...option.aliases, option.name].map((name) => bold(name.length === 1 ? `-${name}` : `--${name}`))
  const value = option.type === 'boolean' ? '' : ` ${italic(option.type === 'number' ? 'NUMBER' : 'VALUE')}`
  return item(`${names.join(', ')}${value}`, ...valueText(option))
}

/** Description, choices, default: a sentence a line, as roff wants it. */
function valueText({ description, choices, required, type, default: standard }: ValueNode): string[] {
  return [
    sentence(description),
    ...(choices.length === 0 ? [] : [`One of ${choices.map((choice) => bold(choice)).join(', ')}.`]),
    ...(type === 'array' ? ['May be repeated.'] : []),
    ...(required ? ['Required.'] : []),
    ...(isWorthSaying(standard) ? [`Default: ${bold(String(standard))}.`] : []),
  ]
}

/** Not that a switch is off, or a list empty. */
function isWorthSaying(standard: unknown): boolean {
  return standard === true || typeof standard === 'string' || typeof standard === 'number'
}

function exampleParagraph({ command, description }: CommandNode['examples'][number]): string[] {
  const text = description === '' ? [] : ['.RS', escapeRoff(description), '.RE']
  return ['.PP', bold(command), ...text]
}
