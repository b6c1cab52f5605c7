import { type Finding, findingsOf } from './finding.ts'
import type { Host } from './host.ts'

const { ok, warning, problem, unknown } = findingsOf('clock')

/** No clock that is right shows less than the year in which this was written. */
const writtenMs = Date.UTC(2026, 0, 1)

/** Whether the time is right, and kept right: messages carry it, certificates and signed requests depend on it. */
export async function checkClock(host: Host, signal: AbortSignal): Promise<Finding[]> {
  const now = host.nowMs()
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
  if (now < writtenMs) {
    const says = `it is ${time}, before this program was written: messages get wrong times, and every certificate counts as not valid yet`
    return [problem('time', says, 'timedatectl set-ntp true && timedatectl status')]
  }
  const synchronised = await isSynchronised(host, signal)
  if (synchronised === undefined)
    return [unknown('synchronisation', `it is ${time}; neither timedatectl nor chronyc tells whether anything keeps it right`)]
  if (synchronised) return [ok('synchronisation', `it is ${time}, kept right by a time server`)]
  const says = `it is ${time}, and no time server keeps it right: receive times drift, and a few minutes off S3 refuses requests`
  return [warning('synchronisation', says, await mend(host, signal))]
}

/** Where nothing is there to keep the time, there is nothing to switch on. */
async function mend(host: Host, signal: AbortSignal): Promise<string> {
  const switchOn = 'timedatectl set-ntp true'
  const shown = await host.run('timedatectl', ['show', '--property=CanNTP'], signal)
  if (!/^CanNTP=no$/m.test(shown?.out ?? '')) return switchOn
  for (const tool of ['apt-get', 'dnf'])
    if ((await host.stat(`/usr/bin/${tool}`)) !== undefined) return `${tool} install chrony && ${switchOn}`
  return switchOn
}

async function isSynchronised(host: Host, signal: AbortSignal): Promise<boolean | undefined> {
  // timedatectl asks the kernel (STA_UNSYNC of adjtimex(2)), so it does not matter which daemon keeps the time.
  const shown = await host.run('timedatectl', ['show', '--property=NTPSynchronized'], signal)
  const answer = /^NTPSynchronized=(yes|no)$/m.exec(shown?.out ?? '')?.[1]
  if (answer === 'yes') return true
  if ((await host.stat('/run/systemd/timesync/synchronized')) !== undefined && answer === undefined) return true
  // Without rtcsync chrony leaves the kernel's flag alone.
  return (await chronyKeeps(host, signal)) ?? (answer === undefined ? undefined : false)
}

async function chronyKeeps(host: Host, signal: AbortSignal): Promise<boolean | undefined> {
  // The last field is the leap status: "Not synchronised" where there is no source (chronyc(1), `tracking`).
  const tracking = await host.run('chronyc', ['-c', 'tracking'], signal)
  const leap = tracking?.status === 0 ? tracking.out.trim().split(',').at(-1) : undefined
  return leap === undefined || leap === '' ? undefined : !/^not sync/i.test(leap)
}
