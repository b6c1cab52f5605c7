import { setImmediate as turn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'tap'
import { asObject, eventually, lines, type Running, runS3, s3Config, temporaryDirectory } from '../../support/running-s3-source.ts'
import { S3Disk, S3Intake } from '../../support/s3-intake.ts'
import { S3Server } from '../../support/s3-server.ts'

/** Some chunks each, and many small ones between; half of them compressed. */
function fill(server: S3Server): string[] {
  const texts: string[] = []
  for (let i = 0; i < 6; i++) {
    const large = lines(`large ${i}`, 6000 + 2000 * i, 200)
    const small = lines(`small ${i}`, 5)
    server.put(`${i}/large`, i % 2 === 0 ? gzipSync(asObject(large)) : asObject(large))
    server.put(`${i}/small`, i % 2 === 0 ? asObject(small) : gzipSync(asObject(small)))
    texts.push(...large, ...small)
  }
  return texts.sort()
}

interface Kill {
  readonly batches: number
  readonly turns: number
}

/** An intake whose process dies some turns of the event loop after so many batches: not before is the promise fulfilled. */
function mortal(disk: S3Disk, { batches, turns }: Kill, onKill: () => void = () => undefined): { intake: S3Intake; death: Promise<void> } {
  const intake = new S3Intake(disk)
  const die = () => {
    intake.kill()
    onKill()
  }
  let left = batches
  const death = new Promise<void>((resolve) => {
    intake.onBatch = () => {
      if (--left !== 0) return
      if (turns === 0) die()
      void (async () => {
        for (let i = 0; i < turns; i++) await turn()
        if (turns > 0) die()
        resolve()
      })()
    }
  })
  return { intake, death }
}

/** Resolves when it is dead, at the latest when it finds nothing more to do. */
async function buried({ source, kill }: Running, death: Promise<void>): Promise<void> {
  let dead = false
  const done = eventually(() => dead || (source.stats().polling?.lastListedAtMs !== undefined && idle(source)))
  await Promise.race([death, done])
  dead = true
  await kill()
}

function idle(source: Running['source']): boolean {
  const { waiting = 0, reading = 0 } = source.stats().polling ?? {}
  return waiting === 0 && reading === 0
}

const kill = fc.record({ batches: fc.integer({ min: 1, max: 6 }), turns: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 })) })

test('a relay that is killed again and again skips nothing and repeats nothing', async (t) => {
  const server = await S3Server.start(t)
  const expected = fill(server)
  await fc.assert(
    fc.asyncProperty(fc.array(kill, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 4 }), async (kills, concurrency) => {
      const disk = new S3Disk()
      const directory = temporaryDirectory(t)
      const config = s3Config(server, { concurrency })
      for (const each of kills) {
        const { intake, death } = mortal(disk, each)
        await buried(await runS3(t, config, { intake, directory }), death)
      }
      const last = await runS3(t, config, { intake: new S3Intake(disk), directory })
      await eventually(() => idle(last.source) && disk.texts.length >= expected.length)
      await last.stop()
      return JSON.stringify(disk.texts.toSorted()) === JSON.stringify(expected)
    }),
    { numRuns: 8 },
  )
})

test('relays that share a bucket by claims skip nothing, and repeat one chunk of each object in hand at a kill at most', async (t) => {
  const server = await S3Server.start(t)
  const expected = fill(server)
  const objects = new Map(server.objects)
  const known = new Set(expected)
  let relays = 0
  await fc.assert(
    fc.asyncProperty(fc.array(kill, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 2 }), async (kills, concurrency) => {
      server.objects.clear()
      for (const [key, object] of objects) server.objects.set(key, object)
      const disks: S3Disk[] = []
      const start = async (id: string, intake: S3Intake, directory = temporaryDirectory(t)) => {
        disks.push(intake.disk)
        const credentials = { access_key_id: id, secret_access_key: 'key' }
        const config = s3Config(server, { concurrency, credentials, claims: { timeout: '1s' } })
        return await runS3(t, config, { intake, directory, onKill: () => server.unreachable.add(id) })
      }
      const lasting: Running[] = []
      for (const [i, each] of kills.entries()) {
        const id = `mortal-${++relays}`
        const { intake, death } = mortal(new S3Disk(), each, () => server.unreachable.add(id))
        const killed = await start(id, intake)
        // The others come when it has begun, some of the dead come back with what they had.
        if (i === 0) lasting.push(await start(`lasting-${relays}`, new S3Intake()))
        await buried(killed, death)
        if (i % 2 === 1) lasting.push(await start(`${id}-again`, new S3Intake(intake.disk), killed.directory))
      }
      lasting.push(await start(`last-${relays}`, new S3Intake()))
      const count = () => new Set(disks.flatMap(({ texts }) => texts)).size
      await eventually(() => count() >= expected.length && lasting.every(({ source }) => idle(source)))
      await Promise.all(lasting.map((running) => running.stop()))
      const different = new Set(disks)
      const texts = [...different].flatMap((each) => each.texts)
      const chunk = Math.max(...disks.flatMap(({ batches }) => batches))
      t.ok(texts.length - expected.length <= kills.length * concurrency * chunk, `${texts.length - expected.length} came twice`)
      return texts.every((text) => known.has(text))
    }),
    { numRuns: 5 },
  )
})
