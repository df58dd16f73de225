import { f } from '../../../schema/field.ts'
import { bool, int32, list, map, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectReference, SecretReference } from './object-reference.ts'
import { message } from './package.ts'

export const AWSElasticBlockStoreVolumeSource = message(
  'AWSElasticBlockStoreVolumeSource',
  {
    volumeID: f(1, str).required().always().doc('Identifier of the volume at the provider.'),
    fsType: f(2, str).doc('File system to use; `ext4` by default.'),
    partition: f(3, int32).doc('Partition to mount; 0, the whole device, by default.'),
    readOnly: f(4, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'An AWS block device, served by its CSI driver.' },
)
export type AWSElasticBlockStoreVolumeSource = TypeOf<typeof AWSElasticBlockStoreVolumeSource>

export const AzureDiskVolumeSource = message(
  'AzureDiskVolumeSource',
  {
    diskName: f(1, str).required().always().doc('Name of the disk.'),
    diskURI: f(2, str).required().always().doc('URI of the disk.'),
    cachingMode: f(3, oneOf('None', 'ReadOnly', 'ReadWrite'))
      .go('v1.AzureDataDiskCachingMode')
      .explicit()
      .default('ReadWrite')
      .doc('Caching on the host; `ReadWrite` by default.'),
    fsType: f(4, str).explicit().default('ext4').doc('File system to use; `ext4` by default.'),
    readOnly: f(5, bool).explicit().default(false).doc('Mount without permission to write; false by default.'),
    kind: f(6, oneOf('Dedicated', 'Managed', 'Shared'))
      .go('v1.AzureDataDiskKind')
      .explicit()
      .default('Shared')
      .doc('Whether the disk is managed or a blob in an account; `Shared` by default.'),
  },
  { doc: 'An Azure disk, served by its CSI driver.' },
)
export type AzureDiskVolumeSource = TypeOf<typeof AzureDiskVolumeSource>

export const AzureFilePersistentVolumeSource = message(
  'AzureFilePersistentVolumeSource',
  {
    secretName: f(1, str).required().always().doc('Secret with the name and key of the storage account.'),
    shareName: f(2, str).required().always().doc('Name of the share.'),
    readOnly: f(3, bool).doc('Mount without permission to write; false by default.'),
    secretNamespace: f(4, str).orNull().explicit().doc('Namespace of the secret; that of the pod by default.'),
  },
  { doc: 'An Azure file share, served by its CSI driver.' },
)
export type AzureFilePersistentVolumeSource = TypeOf<typeof AzureFilePersistentVolumeSource>

export const CSIPersistentVolumeSource = message(
  'CSIPersistentVolumeSource',
  {
    driver: f(1, str).required().always().doc('Name of the CSI driver.'),
    volumeHandle: f(2, str).required().always().doc('Identifier that the driver gave the volume.'),
    readOnly: f(3, bool).doc('Publish the volume read-only; false by default.'),
    fsType: f(4, str).doc('File system to use; left to the driver if empty.'),
    volumeAttributes: f(5, map(str)).doc('Attributes that the driver gave the volume.'),
    controllerPublishSecretRef: f(6, SecretReference).doc('Secret handed to the driver when it attaches or detaches.'),
    nodeStageSecretRef: f(7, SecretReference).doc('Secret handed to the driver when it stages the volume on a node.'),
    nodePublishSecretRef: f(8, SecretReference).doc('Secret handed to the driver when it mounts the volume for a pod.'),
    controllerExpandSecretRef: f(9, SecretReference).doc('Secret handed to the driver when it expands the volume.'),
    nodeExpandSecretRef: f(10, SecretReference).doc(
      'Secret handed to the driver when it expands the file system on a node.',
    ),
  },
  { doc: 'A volume that a CSI driver serves.' },
)
export type CSIPersistentVolumeSource = TypeOf<typeof CSIPersistentVolumeSource>

export const CephFSPersistentVolumeSource = message(
  'CephFSPersistentVolumeSource',
  {
    monitors: f(1, list(str)).orNull().explicit().required().listOf('atomic').doc('Addresses of the monitors.'),
    path: f(2, str).doc('Directory to mount; `/` by default.'),
    user: f(3, str).doc('User name; `admin` by default.'),
    secretFile: f(4, str).doc('File with the key of the user; `/etc/ceph/user.secret` by default.'),
    secretRef: f(5, SecretReference).doc('Secret with the key of the user; wins over `secretFile`.'),
    readOnly: f(6, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'A Ceph file system; its driver has been removed from Kubernetes.' },
)
export type CephFSPersistentVolumeSource = TypeOf<typeof CephFSPersistentVolumeSource>

export const CinderPersistentVolumeSource = message(
  'CinderPersistentVolumeSource',
  {
    volumeID: f(1, str).required().always().doc('Identifier of the volume at the provider.'),
    fsType: f(2, str).doc('File system to use; `ext4` by default.'),
    readOnly: f(3, bool).doc('Mount without permission to write; false by default.'),
    secretRef: f(4, SecretReference).doc('Secret with the credentials for OpenStack.'),
  },
  { doc: 'An OpenStack block device, served by its CSI driver.' },
)
export type CinderPersistentVolumeSource = TypeOf<typeof CinderPersistentVolumeSource>

export const FCVolumeSource = message(
  'FCVolumeSource',
  {
    targetWWNs: f(1, list(str)).listOf('atomic').doc('World wide names of the targets.'),
    lun: f(2, int32).explicit().doc('Number of the logical unit.'),
    fsType: f(3, str).doc('File system to use; `ext4` by default.'),
    readOnly: f(4, bool).doc('Mount without permission to write; false by default.'),
    wwids: f(5, list(str)).listOf('atomic').doc('World wide identifiers of the disk.'),
  },
  { doc: 'A disk reached by Fibre Channel; named by WWNs and LUN, or by WWIDs.' },
)
export type FCVolumeSource = TypeOf<typeof FCVolumeSource>

export const FlexPersistentVolumeSource = message(
  'FlexPersistentVolumeSource',
  {
    driver: f(1, str).required().always().doc('Name of the driver.'),
    fsType: f(2, str).doc('File system to use; left to the driver if empty.'),
    secretRef: f(3, SecretReference).doc('Secret handed to the driver.'),
    readOnly: f(4, bool).doc('Mount without permission to write; false by default.'),
    options: f(5, map(str)).doc('Parameters for the driver.'),
  },
  { doc: 'A volume from a FlexVolume driver, an executable on the node. Deprecated: use CSI.' },
)
export type FlexPersistentVolumeSource = TypeOf<typeof FlexPersistentVolumeSource>

export const FlockerVolumeSource = message(
  'FlockerVolumeSource',
  {
    datasetName: f(1, str).doc('Name of the dataset; excludes `datasetUUID`.'),
    datasetUUID: f(2, str).doc('UUID of the dataset.'),
  },
  { doc: 'A Flocker dataset; its driver has been removed from Kubernetes.' },
)
export type FlockerVolumeSource = TypeOf<typeof FlockerVolumeSource>

export const GCEPersistentDiskVolumeSource = message(
  'GCEPersistentDiskVolumeSource',
  {
    pdName: f(1, str).required().always().doc('Name of the disk.'),
    fsType: f(2, str).doc('File system to use; `ext4` by default.'),
    partition: f(3, int32).doc('Partition to mount; 0, the whole device, by default.'),
    readOnly: f(4, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'A Google Compute Engine disk, served by its CSI driver.' },
)
export type GCEPersistentDiskVolumeSource = TypeOf<typeof GCEPersistentDiskVolumeSource>

export const GlusterfsPersistentVolumeSource = message(
  'GlusterfsPersistentVolumeSource',
  {
    endpoints: f(1, str).required().always().doc('Name of the endpoints with the addresses of the servers.'),
    path: f(2, str).required().always().doc('Name of the volume.'),
    readOnly: f(3, bool).doc('Mount without permission to write; false by default.'),
    endpointsNamespace: f(4, str).explicit().doc('Namespace of the endpoints; that of the claim by default.'),
  },
  { doc: 'A GlusterFS volume; its driver has been removed from Kubernetes.' },
)
export type GlusterfsPersistentVolumeSource = TypeOf<typeof GlusterfsPersistentVolumeSource>

export const HostPathVolumeSource = message(
  'HostPathVolumeSource',
  {
    path: f(1, str).required().always().doc('Path on the node.'),
    type: f(
      2,
      oneOf('', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'),
    )
      .go('v1.HostPathType')
      .explicit()
      .doc('What must be there, or is made; nothing is checked by default.'),
  },
  { doc: 'A file or directory of the node; pods that may use it can take over the node.' },
)
export type HostPathVolumeSource = TypeOf<typeof HostPathVolumeSource>

export const ISCSIPersistentVolumeSource = message(
  'ISCSIPersistentVolumeSource',
  {
    targetPortal: f(1, str).required().always().doc('Address of the target, with a port unless it is 3260.'),
    iqn: f(2, str).required().always().doc('Qualified name of the target.'),
    lun: f(3, int32).required().always().doc('Number of the logical unit.'),
    iscsiInterface: f(4, str).default('default').doc('Interface with the transport; `default` means TCP.'),
    fsType: f(5, str).doc('File system to use; `ext4` by default.'),
    readOnly: f(6, bool).doc('Mount without permission to write; false by default.'),
    portals: f(7, list(str)).listOf('atomic').doc('Further addresses of the target, for multipath.'),
    chapAuthDiscovery: f(8, bool).doc('Whether discovery uses CHAP.'),
    secretRef: f(10, SecretReference).doc('Secret with the CHAP credentials.'),
    chapAuthSession: f(11, bool).doc('Whether sessions use CHAP.'),
    initiatorName: f(12, str).explicit().doc('Qualified name of the initiator, if not that of the node.'),
  },
  { doc: 'A disk reached by iSCSI.' },
)
export type ISCSIPersistentVolumeSource = TypeOf<typeof ISCSIPersistentVolumeSource>

export const LocalVolumeSource = message(
  'LocalVolumeSource',
  {
    path: f(1, str).required().always().doc('Path of the directory or block device on the node.'),
    fsType: f(2, str).explicit().doc('File system for a block device; detected if unset.'),
  },
  { doc: 'A disk, partition or directory of one node; needs a node affinity.' },
)
export type LocalVolumeSource = TypeOf<typeof LocalVolumeSource>

export const NFSVolumeSource = message(
  'NFSVolumeSource',
  {
    server: f(1, str).required().always().doc('Name or address of the server.'),
    path: f(2, str).required().always().doc('Exported directory.'),
    readOnly: f(3, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'A directory of an NFS server.' },
)
export type NFSVolumeSource = TypeOf<typeof NFSVolumeSource>

export const PhotonPersistentDiskVolumeSource = message(
  'PhotonPersistentDiskVolumeSource',
  {
    pdID: f(1, str).required().always().doc('Identifier of the disk.'),
    fsType: f(2, str).doc('File system to use; `ext4` by default.'),
  },
  { doc: 'A Photon disk; its driver has been removed from Kubernetes.' },
)
export type PhotonPersistentDiskVolumeSource = TypeOf<typeof PhotonPersistentDiskVolumeSource>

export const PortworxVolumeSource = message(
  'PortworxVolumeSource',
  {
    volumeID: f(1, str).required().always().doc('Identifier of the volume.'),
    fsType: f(2, str).doc('File system to use; `ext4` by default.'),
    readOnly: f(3, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'A Portworx volume, served by its CSI driver.' },
)
export type PortworxVolumeSource = TypeOf<typeof PortworxVolumeSource>

export const QuobyteVolumeSource = message(
  'QuobyteVolumeSource',
  {
    registry: f(1, str).required().always().doc('Addresses of the registries as host:port, separated by commas.'),
    volume: f(2, str).required().always().doc('Name of the volume.'),
    readOnly: f(3, bool).doc('Mount without permission to write; false by default.'),
    user: f(4, str).doc('User to mount as; the service account by default.'),
    group: f(5, str).doc('Group to mount as; none by default.'),
    tenant: f(6, str).doc('Tenant that owns the volume.'),
  },
  { doc: 'A Quobyte volume; its driver has been removed from Kubernetes.' },
)
export type QuobyteVolumeSource = TypeOf<typeof QuobyteVolumeSource>

export const RBDPersistentVolumeSource = message(
  'RBDPersistentVolumeSource',
  {
    monitors: f(1, list(str)).orNull().explicit().required().listOf('atomic').doc('Addresses of the monitors.'),
    image: f(2, str).required().always().doc('Name of the image.'),
    fsType: f(3, str).doc('File system to use; `ext4` by default.'),
    pool: f(4, str).default('rbd').doc('Pool with the image; `rbd` by default.'),
    user: f(5, str).default('admin').doc('User name; `admin` by default.'),
    keyring: f(6, str).default('/etc/ceph/keyring').doc('File with the key ring; `/etc/ceph/keyring` by default.'),
    secretRef: f(7, SecretReference).doc('Secret with the key; wins over `keyring`.'),
    readOnly: f(8, bool).doc('Mount without permission to write; false by default.'),
  },
  { doc: 'A Ceph block device; its driver has been removed from Kubernetes.' },
)
export type RBDPersistentVolumeSource = TypeOf<typeof RBDPersistentVolumeSource>

export const ScaleIOPersistentVolumeSource = message(
  'ScaleIOPersistentVolumeSource',
  {
    gateway: f(1, str).required().always().doc('Address of the API gateway.'),
    system: f(2, str).required().always().doc('Name of the storage system.'),
    secretRef: f(3, SecretReference).orNull().required().doc('Secret with the credentials.'),
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
export type ScaleIOPersistentVolumeSource = TypeOf<typeof ScaleIOPersistentVolumeSource>

export const StorageOSPersistentVolumeSource = message(
  'StorageOSPersistentVolumeSource',
  {
    volumeName: f(1, str).doc('Name of the volume.'),
    volumeNamespace: f(2, str).doc('Namespace of the volume in StorageOS; that of the pod by default.'),
    fsType: f(3, str).doc('File system to use; `ext4` by default.'),
    readOnly: f(4, bool).doc('Mount without permission to write; false by default.'),
    secretRef: f(5, ObjectReference).doc('Secret with the credentials.'),
  },
  { doc: 'A StorageOS volume; its driver has been removed from Kubernetes.' },
)
export type StorageOSPersistentVolumeSource = TypeOf<typeof StorageOSPersistentVolumeSource>

export const VsphereVirtualDiskVolumeSource = message(
  'VsphereVirtualDiskVolumeSource',
  {
    volumePath: f(1, str).required().always().doc('Path of the disk in its datastore.'),
    fsType: f(2, str).doc('File system to use; `ext4` by default.'),
    storagePolicyName: f(3, str).doc('Name of the storage policy.'),
    storagePolicyID: f(4, str).doc('Identifier of the storage policy.'),
  },
  { doc: 'A vSphere disk, served by its CSI driver.' },
)
export type VsphereVirtualDiskVolumeSource = TypeOf<typeof VsphereVirtualDiskVolumeSource>

export const PersistentVolumeSource = message(
  'PersistentVolumeSource',
  {
    gcePersistentDisk: f(1, GCEPersistentDiskVolumeSource).doc('A Google Compute Engine disk. Deprecated: use CSI.'),
    awsElasticBlockStore: f(2, AWSElasticBlockStoreVolumeSource).doc('An AWS block device. Deprecated: use CSI.'),
    hostPath: f(3, HostPathVolumeSource).doc('A directory of the node; for trying things out on a single node.'),
    glusterfs: f(4, GlusterfsPersistentVolumeSource).doc('A GlusterFS volume; no longer supported.'),
    nfs: f(5, NFSVolumeSource).doc('A directory of an NFS server.'),
    rbd: f(6, RBDPersistentVolumeSource).doc('A Ceph block device; no longer supported.'),
    iscsi: f(7, ISCSIPersistentVolumeSource).doc('A disk reached by iSCSI.'),
    cinder: f(8, CinderPersistentVolumeSource).doc('An OpenStack block device. Deprecated: use CSI.'),
    cephfs: f(9, CephFSPersistentVolumeSource).doc('A Ceph file system; no longer supported.'),
    fc: f(10, FCVolumeSource).doc('A disk reached by Fibre Channel.'),
    flocker: f(11, FlockerVolumeSource).doc('A Flocker dataset; no longer supported.'),
    flexVolume: f(12, FlexPersistentVolumeSource).doc('A volume from a FlexVolume driver. Deprecated: use CSI.'),
    azureFile: f(13, AzureFilePersistentVolumeSource).doc('An Azure file share. Deprecated: use CSI.'),
    vsphereVolume: f(14, VsphereVirtualDiskVolumeSource).doc('A vSphere disk. Deprecated: use CSI.'),
    quobyte: f(15, QuobyteVolumeSource).doc('A Quobyte volume; no longer supported.'),
    azureDisk: f(16, AzureDiskVolumeSource).doc('An Azure disk. Deprecated: use CSI.'),
    photonPersistentDisk: f(17, PhotonPersistentDiskVolumeSource).doc('A Photon disk; no longer supported.'),
    portworxVolume: f(18, PortworxVolumeSource).doc('A Portworx volume. Deprecated: use CSI.'),
    scaleIO: f(19, ScaleIOPersistentVolumeSource).doc('A ScaleIO volume; no longer supported.'),
    local: f(20, LocalVolumeSource).doc('A disk, partition or directory of one node.'),
    storageos: f(21, StorageOSPersistentVolumeSource).doc('A StorageOS volume; no longer supported.'),
    csi: f(22, CSIPersistentVolumeSource).doc('A volume that a CSI driver serves.'),
  },
  { doc: 'Where a persistent volume is; exactly one member is set.' },
)
export type PersistentVolumeSource = TypeOf<typeof PersistentVolumeSource>
