import type { DebianMachine } from '../machines/debian-machine.ts'

/** What the cloud tells the machine at its next boot, by cloud-init's data source NoCloud. */
export async function seed(machine: DebianMachine, instanceId: string, userData: string): Promise<void> {
  await machine.write('/var/lib/cloud/seed/nocloud/meta-data', `instance-id: ${instanceId}\nlocal-hostname: ${instanceId}\n`)
  await machine.write('/var/lib/cloud/seed/nocloud/user-data', userData)
}

/** Boots it and waits until cloud-init has ended; throws with what cloud-init says when something went wrong. */
export async function bootWithCloudInit(machine: DebianMachine, devices: readonly string[] = []): Promise<void> {
  await machine.boot(devices)
  const status = await machine.run('cloud-init', 'status', '--wait', '--long').catch(async (error: Error) => {
    throw new Error(`cloud-init: ${error.message}\n${await machine.read('/var/log/cloud-init-output.log')}`)
  })
  if (!/^status: done$/m.test(status)) throw new Error(`cloud-init: ${status}`)
}
