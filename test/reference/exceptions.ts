/** Everything in which this server differs from the reference, each with its reason. These lists may only shrink. */

/** Groups and versions that are not served yet. One that is served by now is compared all the same. */
export const notServedYet: Readonly<Record<string, string>> = {
  'autoscaling/v2': 'being added with the conversion to v1',
  'certificates.k8s.io/v1': 'being added with its signers',
  'node.k8s.io/v1': 'being added with its admission',
  'resource.k8s.io/v1': 'dynamic resource allocation is being added',
  'storage.k8s.io/v1': 'being added with the volume controllers',
  'storagemigration.k8s.io/v1': 'being added with the migrator',
}

/** By document and path. */
export const differs: Readonly<Record<string, string>> = {
  'v2 definitions io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions x-kubernetes-group-version-kind':
    'names the versions that are not served yet',
  'v2 definitions io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent x-kubernetes-group-version-kind':
    'names the versions that are not served yet',
}
