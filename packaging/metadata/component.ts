/** Something of others that is inside the single executable. */
export interface Component {
  /** A library, where nothing else is said. */
  readonly kind?: 'runtime'
  readonly name: string
  readonly version: string
  /** SPDX expression. */
  readonly licence: string
  /** The whole text that has to go with it, notices included. */
  readonly licenceText: string
  /** Package URL: names it for whoever looks for its vulnerabilities. Of no other component. */
  readonly purl: string
  /** The name under which the National Vulnerability Database knows it, where that does not follow from the purl. */
  readonly cpe?: string
  /** As in package-lock.json: `sha512-` and base64, of the archive that it came in. */
  readonly integrity?: string
  /** Its file, where it goes in as one. SHA-256 as hex. */
  readonly file?: { readonly name: string; readonly sha256: string }
  /** The purl of the component that it was compiled into. */
  readonly within?: string
}
