import t from 'tap'
import type { Cluster } from '../../src/sinks/elasticsearch/cluster.ts'
import { fieldMappings } from '../../src/sinks/elasticsearch/field-mappings.ts'
import { type Shape, topShapes } from '../../src/syslog/field-shapes.ts'

type Mapping = Readonly<Record<string, { readonly type?: string; readonly properties?: Mapping }>>

const objectTypes = ['object', 'flattened', 'flat_object']

/** `a.b` for a value, `a.b{}` for an object. */
function* pathsOf(mapping: Mapping, before = ''): Generator<string> {
  for (const [name, { type, properties }] of Object.entries(mapping)) {
    yield `${before}${name}${properties !== undefined || objectTypes.includes(type as string) ? '{}' : ''}`
    if (properties !== undefined) yield* pathsOf(properties, `${before}${name}.`)
  }
}

function* shapesOf(shapes: ReadonlyMap<string, Shape>, before = ''): Generator<string> {
  for (const [name, { fields }] of shapes) {
    yield `${before}${name}${fields === undefined ? '' : '{}'}`
    if (fields !== undefined) yield* shapesOf(fields, `${before}${name}.`)
  }
}

t.test('the shapes of our fields are those of the index template', async (t) => {
  const clusters = [
    { kind: 'elasticsearch', version: [8, 17] },
    { kind: 'opensearch', version: [2, 19] },
    { kind: 'opensearch', version: [1, 3] },
  ] as const
  for (const { kind, version } of clusters) {
    const cluster: Cluster = { kind, version, words: '', serverless: false, uuid: '' }
    const template = [...pathsOf(fieldMappings(cluster).properties as Mapping)]
    const shapes = [...shapesOf(topShapes)]
    t.same(
      template.filter((path) => !shapes.includes(path)),
      [],
      'none of the template is missing',
    )
    // The schema has more at the top.
    const below = (paths: string[]) => paths.filter((path) => path.includes('.')).toSorted()
    t.same(below(shapes), below(template))
  }
})
