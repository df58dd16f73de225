import { f, inline } from '../../../schema/field.ts'
import { bool, int32, int64, list, map, oneOf, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { LocalObjectReference, TypedLocalObjectReference, TypedObjectReference } from './object-reference.ts'
import { message } from './package.ts'
import { VolumeResourceRequirements } from './resources.ts'
import { ObjectFieldSelector, ResourceFieldSelector } from './selectors.ts'
import {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  PhotonPersistentDiskVolumeSource,
  PortworxVolumeSource,
  QuobyteVolumeSource,
  VsphereVirtualDiskVolumeSource,
} from './volume-sources-persistent.ts'

export const AzureFileVolumeSource = message(
  'AzureFileVolumeSource',
  {
    secretName: f(1, str).required().always().doc('Secret with the name and key of the storage account.'),
    shareName: f(2, str).required().always().doc('Name of the share.'),
    readOnly: f(3, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'An Azure file share.' },
)
export type AzureFileVolumeSource = TypeOf<typeof AzureFileVolumeSource>

export const CSIVolumeSource = message(
  'CSIVolumeSource',
  {
    driver: f(1, str).required().always().doc('Name of the CSI driver.'),
    readOnly: f(2, bool).explicit().doc('Mount without permission to write; false by default.'),
    fsType: f(3, str).explicit().doc('File system to use; left to the driver if unset.'),
    volumeAttributes: f(4, map(str)).doc('Parameters for the driver.'),
    nodePublishSecretRef: f(5, LocalObjectReference).doc('Secret handed to the driver when it mounts the volume.'),
  },
  { doc: 'A volume that a CSI driver makes for the life of the pod.' },
)
export type CSIVolumeSource = TypeOf<typeof CSIVolumeSource>

export const CephFSVolumeSource = message(
  'CephFSVolumeSource',
  {
    monitors: f(1, list(str)).orNull().explicit().required().listOf('atomic').doc('Addresses of the monitors.'),
    path: f(2, str).doc('Directory to mount; `/` by default.'),
    user: f(3, str).doc('User name; `admin` by default.'),
    secretFile: f(4, str).doc('File with the key of the user; `/etc/ceph/user.secret` by default.'),
    secretRef: f(5, LocalObjectReference).doc('Secret with the key of the user; wins over `secretFile`.'),
    readOnly: f(6, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'A Ceph file system; its driver has been removed from Kubernetes.' },
)
export type CephFSVolumeSource = TypeOf<typeof CephFSVolumeSource>

export const CinderVolumeSource = message(
  'CinderVolumeSource',
  {
    volumeID: f(1, str).required().always().doc('Identifier of the volume at the provider.'),
    fsType: f(2, str).doc('File system to use; `ext4` by default.'),
    readOnly: f(3, bool).doc('Mount without permission to write; false by default.'),
    secretRef: f(4, LocalObjectReference).doc('Secret with the credentials for OpenStack.'),
  },
  { doc: 'An OpenStack block device, served by its CSI driver.' },
)
export type CinderVolumeSource = TypeOf<typeof CinderVolumeSource>

export const ClusterTrustBundleProjection = message(
  'ClusterTrustBundleProjection',
  {
    name: f(1, str).explicit().doc('Name of one ClusterTrustBundle; excludes `signerName`.'),
    signerName: f(2, str).explicit().doc('Signer all of whose selected bundles are joined; excludes `name`.'),
    labelSelector: f(3, LabelSelector).doc('Which bundles of the signer are meant; none if unset, all if empty.'),
    path: f(4, str).required().always().doc('Relative path of the file.'),
    optional: f(5, bool).explicit().doc('Whether the bundles may be missing.'),
    user: f(6, int64).gate('AtomicWriteVolumeUserFields').explicit().doc('User ID that owns the file (KEP-5936).'),
  },
  { doc: 'Trust anchors written to a file.' },
)
export type ClusterTrustBundleProjection = TypeOf<typeof ClusterTrustBundleProjection>

export const KeyToPath = message(
  'KeyToPath',
  {
    key: f(1, str).required().always().doc('Key to write.'),
    path: f(2, str).required().always().doc('Relative path of the file; without `..`.'),
    mode: f(3, int32).explicit().doc('Permission bits of the file; those of the volume by default.'),
    user: f(4, int64)
      .gate('AtomicWriteVolumeUserFields')
      .explicit()
      .doc('User ID that owns the file; that of the volume by default (KEP-5936).'),
  },
  { doc: 'The file that a key becomes.' },
)
export type KeyToPath = TypeOf<typeof KeyToPath>

export const ConfigMapProjection = message(
  'ConfigMapProjection',
  {
    ...inline(1, LocalObjectReference),
    items: f(2, list(KeyToPath))
      .listOf('atomic')
      .doc('Keys to write and where; all of them, under their names, if empty.'),
    optional: f(4, bool).explicit().doc('Whether config map and keys may be missing.'),
  },
  { doc: 'Keys of a config map as files in a projected volume.' },
)
export type ConfigMapProjection = TypeOf<typeof ConfigMapProjection>

export const ConfigMapVolumeSource = message(
  'ConfigMapVolumeSource',
  {
    ...inline(1, LocalObjectReference),
    items: f(2, list(KeyToPath))
      .listOf('atomic')
      .doc('Keys to write and where; all of them, under their names, if empty.'),
    defaultMode: f(3, int32).explicit().doc('Permission bits of the files; 0644 by default.'),
    optional: f(4, bool).explicit().doc('Whether config map and keys may be missing.'),
    defaultUser: f(5, int64)
      .gate('AtomicWriteVolumeUserFields')
      .explicit()
      .doc('User ID that owns the files (KEP-5936).'),
  },
  { doc: 'Keys of a config map as files.' },
)
export type ConfigMapVolumeSource = TypeOf<typeof ConfigMapVolumeSource>

export const DownwardAPIVolumeFile = message(
  'DownwardAPIVolumeFile',
  {
    path: f(1, str).required().always().doc('Relative path of the file; without `..`.'),
    fieldRef: f(2, ObjectFieldSelector).doc('Field of the pod to write: labels, annotations, name, namespace or UID.'),
    resourceFieldRef: f(3, ResourceFieldSelector).doc('Request or limit of a container to write.'),
    mode: f(4, int32).explicit().doc('Permission bits of the file; those of the volume by default.'),
    user: f(5, int64)
      .gate('AtomicWriteVolumeUserFields')
      .explicit()
      .doc('User ID that owns the file; that of the volume by default (KEP-5936).'),
  },
  { doc: 'A file with a fact about the pod.' },
)
export type DownwardAPIVolumeFile = TypeOf<typeof DownwardAPIVolumeFile>

export const DownwardAPIProjection = message(
  'DownwardAPIProjection',
  {
    items: f(1, list(DownwardAPIVolumeFile)).listOf('atomic').doc('Files to write.'),
  },
  { doc: 'Facts about the pod as files in a projected volume.' },
)
export type DownwardAPIProjection = TypeOf<typeof DownwardAPIProjection>

export const DownwardAPIVolumeSource = message(
  'DownwardAPIVolumeSource',
  {
    items: f(1, list(DownwardAPIVolumeFile)).listOf('atomic').doc('Files to write.'),
    defaultMode: f(2, int32).explicit().doc('Permission bits of the files; 0644 by default.'),
    defaultUser: f(3, int64)
      .gate('AtomicWriteVolumeUserFields')
      .explicit()
      .doc('User ID that owns the files (KEP-5936).'),
  },
  { doc: 'Facts about the pod as files.' },
)
export type DownwardAPIVolumeSource = TypeOf<typeof DownwardAPIVolumeSource>

export const EmptyDirVolumeSource = message(
  'EmptyDirVolumeSource',
  {
    medium: f(1, str)
      .go('v1.StorageMedium')
      .doc('Where it is kept: on the disk of the node by default, `Memory`, or huge pages.'),
    sizeLimit: f(2, quantity).explicit().doc('Most that may be stored in it; beyond, the pod is evicted.'),
    mode: f(3, int32).gate('EmptyDirVolumeMode').explicit().doc('Permission bits of the directory.'),
  },
  { doc: 'An empty directory that lives as long as the pod.' },
)
export type EmptyDirVolumeSource = TypeOf<typeof EmptyDirVolumeSource>

export const PersistentVolumeClaimSpec = message(
  'PersistentVolumeClaimSpec',
  {
    accessModes: f(1, list(oneOf('ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod')))
      .go('v1.PersistentVolumeAccessMode')
      .listOf('atomic')
      .doc('Ways in which the volume must be mountable.'),
    resources: f(2, VolumeResourceRequirements).always().doc('Least size of the volume.'),
    volumeName: f(3, str).doc('Volume that the claim is bound to.'),
    selector: f(4, LabelSelector).doc('Labels that a volume must have to be taken.'),
    storageClassName: f(5, str).explicit().doc('Storage class to use; the default one if unset, none if empty.'),
    volumeMode: f(6, oneOf('Block', 'Filesystem'))
      .go('v1.PersistentVolumeMode')
      .explicit()
      .doc('Whether it is mounted as a file system (default) or handed over as a block device.'),
    dataSource: f(7, TypedLocalObjectReference).doc('Snapshot or claim from which the volume is filled.'),
    dataSourceRef: f(8, TypedObjectReference).doc(
      'As `dataSource`, but any kind of object, possibly of another namespace.',
    ),
    volumeAttributesClassName: f(9, str).explicit().doc('VolumeAttributesClass to apply; may be changed later.'),
  },
  { doc: 'What kind of volume a claim asks for.' },
)
export type PersistentVolumeClaimSpec = TypeOf<typeof PersistentVolumeClaimSpec>

export const PersistentVolumeClaimTemplate = message(
  'PersistentVolumeClaimTemplate',
  {
    metadata: f(1, ObjectMeta).always().doc('Labels and annotations that the claim gets.'),
    spec: f(2, PersistentVolumeClaimSpec).required().always().doc('Specification that the claim gets.'),
  },
  { doc: 'The pattern from which the claim of a pod is made.' },
)
export type PersistentVolumeClaimTemplate = TypeOf<typeof PersistentVolumeClaimTemplate>

export const EphemeralVolumeSource = message(
  'EphemeralVolumeSource',
  {
    volumeClaimTemplate: f(1, PersistentVolumeClaimTemplate).doc(
      'Pattern of the claim, which is named `<pod>-<volume>`.',
    ),
  },
  { doc: 'A volume from a claim that is made for the pod and deleted with it.' },
)
export type EphemeralVolumeSource = TypeOf<typeof EphemeralVolumeSource>

export const FlexVolumeSource = message(
  'FlexVolumeSource',
  {
    driver: f(1, str).required().always().doc('Name of the driver.'),
    fsType: f(2, str).doc('File system to use; left to the driver if unset.'),
    secretRef: f(3, LocalObjectReference).doc('Secret handed to the driver.'),
    readOnly: f(4, bool).doc('Mount without permission to write; false by default.'),
    options: f(5, map(str)).doc('Parameters for the driver.'),
  },
  { doc: 'A volume from a FlexVolume driver, an executable on the node. Deprecated: use CSI.' },
)
export type FlexVolumeSource = TypeOf<typeof FlexVolumeSource>

export const GitRepoVolumeSource = message(
  'GitRepoVolumeSource',
  {
    repository: f(1, str).required().always().doc('URL of the repository.'),
    revision: f(2, str).doc('Commit to check out.'),
    directory: f(3, str).doc('Target directory, without `..`; `.` is the volume itself.'),
  },
  { doc: 'A clone of a Git repository. Disabled; use an init container.' },
)
export type GitRepoVolumeSource = TypeOf<typeof GitRepoVolumeSource>

export const GlusterfsVolumeSource = message(
  'GlusterfsVolumeSource',
  {
    endpoints: f(1, str).required().always().doc('Name of the endpoints with the addresses of the servers.'),
    path: f(2, str).required().always().doc('Name of the volume.'),
    readOnly: f(3, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'A GlusterFS volume; its driver has been removed from Kubernetes.' },
)
export type GlusterfsVolumeSource = TypeOf<typeof GlusterfsVolumeSource>

export const ISCSIVolumeSource = message(
  'ISCSIVolumeSource',
  {
    targetPortal: f(1, str).required().always().doc('Address of the target, with a port unless it is 3260.'),
    iqn: f(2, str).required().always().doc('Qualified name of the target.'),
    lun: f(3, int32).required().always().doc('Number of the logical unit.'),
    iscsiInterface: f(4, str).default('default').doc('Interface with the transport; `default` means TCP.'),
    fsType: f(5, str).doc('File system to use; `ext4` by default.'),
    readOnly: f(6, bool).doc('Mount without permission to write; false by default.'),
    portals: f(7, list(str)).listOf('atomic').doc('Further addresses of the target, for multipath.'),
    chapAuthDiscovery: f(8, bool).doc('Whether discovery uses CHAP.'),
    secretRef: f(10, LocalObjectReference).doc('Secret with the CHAP credentials.'),
    chapAuthSession: f(11, bool).doc('Whether sessions use CHAP.'),
    initiatorName: f(12, str).explicit().doc('Qualified name of the initiator, if not that of the node.'),
  },
  { doc: 'A disk reached by iSCSI.' },
)
export type ISCSIVolumeSource = TypeOf<typeof ISCSIVolumeSource>

export const ImageVolumeSource = message(
  'ImageVolumeSource',
  {
    reference: f(1, str).doc('Image or artifact to mount.'),
    pullPolicy: f(2, oneOf('Always', 'IfNotPresent', 'Never'))
      .go('v1.PullPolicy')
      .doc('When to pull it; `Always` for the tag `latest`, else `IfNotPresent`.'),
  },
  { doc: 'The content of an OCI image or artifact, read-only.' },
)
export type ImageVolumeSource = TypeOf<typeof ImageVolumeSource>

export const ModifyVolumeStatus = message(
  'ModifyVolumeStatus',
  {
    targetVolumeAttributesClassName: f(1, str).doc('VolumeAttributesClass that is being applied.'),
    status: f(2, oneOf('InProgress', 'Infeasible', 'Pending'))
      .go('v1.PersistentVolumeClaimModifyVolumeStatus')
      .required()
      .always()
      .doc('How far the change has come.'),
  },
  { doc: 'State of a change of the VolumeAttributesClass.' },
)
export type ModifyVolumeStatus = TypeOf<typeof ModifyVolumeStatus>

export const PersistentVolumeClaimVolumeSource = message(
  'PersistentVolumeClaimVolumeSource',
  {
    claimName: f(1, str).required().always().doc('Name of the claim.'),
    readOnly: f(2, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'The volume of a claim in the same namespace.' },
)
export type PersistentVolumeClaimVolumeSource = TypeOf<typeof PersistentVolumeClaimVolumeSource>

export const PodCertificateProjection = message(
  'PodCertificateProjection',
  {
    signerName: f(1, str).required().doc('Signer that issues the certificate.'),
    keyType: f(2, str).required().doc('Type of the key, such as `ED25519` or `RSA4096`.'),
    maxExpirationSeconds: f(3, int32).explicit().doc('Longest validity in seconds; 86400 by default, 3600 to 7862400.'),
    credentialBundlePath: f(4, str).doc('Relative path of a file with key and certificates together.'),
    keyPath: f(5, str).doc('Relative path of a file with the key alone.'),
    certificateChainPath: f(6, str).doc('Relative path of a file with the certificates alone.'),
    userAnnotations: f(7, map(str)).doc('Further parameters for the signer, by prefixed name.'),
    user: f(8, int64).gate('AtomicWriteVolumeUserFields').explicit().doc('User ID that owns the files (KEP-5936).'),
  },
  { doc: 'A key and a certificate for the pod, renewed automatically.' },
)
export type PodCertificateProjection = TypeOf<typeof PodCertificateProjection>

export const SecretProjection = message(
  'SecretProjection',
  {
    ...inline(1, LocalObjectReference),
    items: f(2, list(KeyToPath))
      .listOf('atomic')
      .doc('Keys to write and where; all of them, under their names, if empty.'),
    optional: f(4, bool).explicit().doc('Whether secret and keys may be missing.'),
  },
  { doc: 'Keys of a secret as files in a projected volume.' },
)
export type SecretProjection = TypeOf<typeof SecretProjection>

export const ServiceAccountTokenProjection = message(
  'ServiceAccountTokenProjection',
  {
    audience: f(1, str).doc('Recipient that the token is for; the API server by default.'),
    expirationSeconds: f(2, int64).explicit().doc('Validity in seconds; 3600 by default, at least 600.'),
    path: f(3, str).required().always().doc('Relative path of the file.'),
    user: f(4, int64).gate('AtomicWriteVolumeUserFields').explicit().doc('User ID that owns the file (KEP-5936).'),
  },
  { doc: "A token of the pod's service account, renewed automatically." },
)
export type ServiceAccountTokenProjection = TypeOf<typeof ServiceAccountTokenProjection>

export const VolumeProjection = message(
  'VolumeProjection',
  {
    secret: f(1, SecretProjection).doc('Keys of a secret.'),
    downwardAPI: f(2, DownwardAPIProjection).doc('Facts about the pod.'),
    configMap: f(3, ConfigMapProjection).doc('Keys of a config map.'),
    serviceAccountToken: f(4, ServiceAccountTokenProjection).doc('A service account token.'),
    clusterTrustBundle: f(5, ClusterTrustBundleProjection).doc('Trust anchors.'),
    podCertificate: f(6, PodCertificateProjection).doc('A key and a certificate for the pod.'),
  },
  { doc: 'One source of a projected volume; exactly one member is set.' },
)
export type VolumeProjection = TypeOf<typeof VolumeProjection>

export const ProjectedVolumeSource = message(
  'ProjectedVolumeSource',
  {
    sources: f(1, list(VolumeProjection))
      .orNull()
      .explicit()
      .listOf('atomic')
      .doc('The sources; their paths must differ.'),
    defaultMode: f(2, int32).explicit().doc('Permission bits of the files; 0644 by default.'),
    defaultUser: f(3, int64)
      .gate('AtomicWriteVolumeUserFields')
      .explicit()
      .doc('User ID that owns the files (KEP-5936).'),
  },
  { doc: 'Several sources of files in one directory.' },
)
export type ProjectedVolumeSource = TypeOf<typeof ProjectedVolumeSource>

export const RBDVolumeSource = message(
  'RBDVolumeSource',
  {
    monitors: f(1, list(str)).orNull().explicit().required().listOf('atomic').doc('Addresses of the monitors.'),
    image: f(2, str).required().always().doc('Name of the image.'),
    fsType: f(3, str).doc('File system to use; `ext4` by default.'),
    pool: f(4, str).default('rbd').doc('Pool with the image; `rbd` by default.'),
    user: f(5, str).default('admin').doc('User name; `admin` by default.'),
    keyring: f(6, str).default('/etc/ceph/keyring').doc('File with the key ring; `/etc/ceph/keyring` by default.'),
    secretRef: f(7, LocalObjectReference).doc('Secret with the key; wins over `keyring`.'),
    readOnly: f(8, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'A Ceph block device; its driver has been removed from Kubernetes.' },
)
export type RBDVolumeSource = TypeOf<typeof RBDVolumeSource>

export const ScaleIOVolumeSource = message(
  'ScaleIOVolumeSource',
  {
    gateway: f(1, str).required().always().doc('Address of the API gateway.'),
    system: f(2, str).required().always().doc('Name of the storage system.'),
    secretRef: f(3, LocalObjectReference).orNull().required().doc('Secret with the credentials.'),
    sslEnabled: f(4, bool).doc('Whether the gateway is spoken to by TLS; false by default.'),
    protectionDomain: f(5, str).doc('Protection domain of the storage.'),
    storagePool: f(6, str).doc('Storage pool of the volume.'),
    storageMode: f(7, str).default('ThinProvisioned').doc('`ThickProvisioned` or `ThinProvisioned`, the default.'),
    volumeName: f(8, str).doc('Name of an existing volume.'),
    fsType: f(9, str).default('xfs').doc('File system to use; `xfs` by default.'),
    readOnly: f(10, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'A ScaleIO volume; its driver has been removed from Kubernetes.' },
)
export type ScaleIOVolumeSource = TypeOf<typeof ScaleIOVolumeSource>

export const SecretVolumeSource = message(
  'SecretVolumeSource',
  {
    secretName: f(1, str).doc('Name of the secret, in the namespace of the pod.'),
    items: f(2, list(KeyToPath))
      .listOf('atomic')
      .doc('Keys to write and where; all of them, under their names, if empty.'),
    defaultMode: f(3, int32).explicit().doc('Permission bits of the files; 0644 by default.'),
    optional: f(4, bool).explicit().doc('Whether secret and keys may be missing.'),
    defaultUser: f(5, int64)
      .gate('AtomicWriteVolumeUserFields')
      .explicit()
      .doc('User ID that owns the files (KEP-5936).'),
  },
  { doc: 'Keys of a secret as files, kept in memory.' },
)
export type SecretVolumeSource = TypeOf<typeof SecretVolumeSource>

export const StorageOSVolumeSource = message(
  'StorageOSVolumeSource',
  {
    volumeName: f(1, str).doc('Name of the volume.'),
    volumeNamespace: f(2, str).doc('Namespace of the volume in StorageOS; that of the pod by default.'),
    fsType: f(3, str).doc('File system to use; `ext4` by default.'),
    readOnly: f(4, bool).doc('Mount without permission to write; false by default.'),
    secretRef: f(5, LocalObjectReference).doc('Secret with the credentials.'),
  },
  { doc: 'A StorageOS volume; its driver has been removed from Kubernetes.' },
)
export type StorageOSVolumeSource = TypeOf<typeof StorageOSVolumeSource>

export const VolumeSource = message(
  'VolumeSource',
  {
    hostPath: f(1, HostPathVolumeSource).doc('A file or directory of the node.'),
    emptyDir: f(2, EmptyDirVolumeSource).doc('An empty directory that lives as long as the pod.'),
    gcePersistentDisk: f(3, GCEPersistentDiskVolumeSource).doc('A Google Compute Engine disk. Deprecated: use CSI.'),
    awsElasticBlockStore: f(4, AWSElasticBlockStoreVolumeSource).doc('An AWS block device. Deprecated: use CSI.'),
    gitRepo: f(5, GitRepoVolumeSource).doc('A clone of a Git repository. Disabled; use an init container.'),
    secret: f(6, SecretVolumeSource).doc('Keys of a secret.'),
    nfs: f(7, NFSVolumeSource).doc('A directory of an NFS server.'),
    iscsi: f(8, ISCSIVolumeSource).doc('A disk reached by iSCSI.'),
    glusterfs: f(9, GlusterfsVolumeSource).doc('A GlusterFS volume; no longer supported.'),
    persistentVolumeClaim: f(10, PersistentVolumeClaimVolumeSource).doc('The volume of a claim.'),
    rbd: f(11, RBDVolumeSource).doc('A Ceph block device; no longer supported.'),
    flexVolume: f(12, FlexVolumeSource).doc('A volume from a FlexVolume driver. Deprecated: use CSI.'),
    cinder: f(13, CinderVolumeSource).doc('An OpenStack block device. Deprecated: use CSI.'),
    cephfs: f(14, CephFSVolumeSource).doc('A Ceph file system; no longer supported.'),
    flocker: f(15, FlockerVolumeSource).doc('A Flocker dataset; no longer supported.'),
    downwardAPI: f(16, DownwardAPIVolumeSource).doc('Facts about the pod.'),
    fc: f(17, FCVolumeSource).doc('A disk reached by Fibre Channel.'),
    azureFile: f(18, AzureFileVolumeSource).doc('An Azure file share. Deprecated: use CSI.'),
    configMap: f(19, ConfigMapVolumeSource).doc('Keys of a config map.'),
    vsphereVolume: f(20, VsphereVirtualDiskVolumeSource).doc('A vSphere disk. Deprecated: use CSI.'),
    quobyte: f(21, QuobyteVolumeSource).doc('A Quobyte volume; no longer supported.'),
    azureDisk: f(22, AzureDiskVolumeSource).doc('An Azure disk. Deprecated: use CSI.'),
    photonPersistentDisk: f(23, PhotonPersistentDiskVolumeSource).doc('A Photon disk; no longer supported.'),
    portworxVolume: f(24, PortworxVolumeSource).doc('A Portworx volume. Deprecated: use CSI.'),
    scaleIO: f(25, ScaleIOVolumeSource).doc('A ScaleIO volume; no longer supported.'),
    projected: f(26, ProjectedVolumeSource).doc('Several sources of files in one directory.'),
    storageos: f(27, StorageOSVolumeSource).doc('A StorageOS volume; no longer supported.'),
    csi: f(28, CSIVolumeSource).doc('A volume that a CSI driver makes for the life of the pod.'),
    ephemeral: f(29, EphemeralVolumeSource).doc('A volume from a claim that is made for the pod and deleted with it.'),
    image: f(30, ImageVolumeSource).doc('The content of an OCI image or artifact.'),
  },
  { doc: 'Where a volume of a pod comes from; exactly one member is set.' },
)
export type VolumeSource = TypeOf<typeof VolumeSource>

export const Volume = message(
  'Volume',
  {
    name: f(1, str).required().always().doc('Name of the volume, a DNS label unique in the pod.'),
    ...inline(2, VolumeSource),
  },
  { doc: 'A volume that containers of a pod may mount.' },
)
export type Volume = TypeOf<typeof Volume>

export const VolumeHealthCondition = message(
  'VolumeHealthCondition',
  {
    status: f(1, oneOf('DataLoss', 'Degraded', 'Inaccessible'))
      .go('v1.VolumeHealthStatusType')
      .required()
      .always()
      .doc('Kind of the problem.'),
    reason: f(2, str).required().always().doc('Reason of the driver, one word in CamelCase.'),
    message: f(3, str).doc('Details for people.'),
  },
  { doc: 'A problem of a volume (KEP-1432).' },
)
export type VolumeHealthCondition = TypeOf<typeof VolumeHealthCondition>
