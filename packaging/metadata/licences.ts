import type { Component } from './component.ts'

const line = '='.repeat(78)

/** The licences of all that is inside, in one text: a list, then every text once, with those that it belongs to. */
export function licencesText(components: readonly Component[]): string {
  const sections = [...byText(components)].map(([text, owners]) => {
    return [line, ...owners.map(nameOf), line, '', text, ''].join('\n')
  })
  const list = components.map((component) => `  ${nameOf(component)}: ${component.licence}`)
  return [
    'logrelay: Copyright the logrelay authors. All rights reserved.',
    '',
    'The program has software of others inside, each under its own licence:',
    '',
    ...list,
    '',
    'What follows are the texts of these licences. That of the runtime has those of its libraries as well.',
    '',
    ...sections,
  ].join('\n')
}

function byText(components: readonly Component[]): Map<string, Component[]> {
  const owners = new Map<string, Component[]>()
  for (const component of components) {
    const others = owners.get(component.licenceText)
    if (others === undefined) owners.set(component.licenceText, [component])
    else others.push(component)
  }
  return owners
}

function nameOf({ name, version }: Component): string {
  return `${name} ${version}`
}
