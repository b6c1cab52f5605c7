import { readFile, writeFile } from 'node:fs/promises'
import { balancerFile, generatedBalancer, generatedUserData, userDataFile } from './generated.ts'

// `node packaging/images/write-generated.ts`: after a change of provision.sh, of the kernel settings, of terraform/relay.yaml, or of
// what `logrelay lb` writes.

await writeFile(userDataFile, await generatedUserData(await readFile(userDataFile, 'utf8')))
await writeFile(balancerFile, await generatedBalancer())
