import { f } from '../../../schema/field.ts'
import { bool, int32, list, map, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectReference, SecretReference } from './object-reference.ts'
import { message } from './package.ts'

export const AWSElasticBlockStoreVolumeSource = message('AWSElasticBlockStoreVolumeSource', {
  volumeID: f(1, str).required().always(),
  fsType: f(2, str),
  partition: f(3, int32),
  readOnly: f(4, bool),
})
export type AWSElasticBlockStoreVolumeSource = TypeOf<typeof AWSElasticBlockStoreVolumeSource>

export const AzureDiskVolumeSource = message('AzureDiskVolumeSource', {
  diskName: f(1, str).required().always(),
  diskURI: f(2, str).required().always(),
  cachingMode: f(3, oneOf('None', 'ReadOnly', 'ReadWrite'))
    .explicit()
    .default('ReadWrite'),
  fsType: f(4, str).explicit().default('ext4'),
  readOnly: f(5, bool).explicit().default(false),
  kind: f(6, oneOf('Dedicated', 'Managed', 'Shared'))
    .explicit()
    .default('Shared'),
})
export type AzureDiskVolumeSource = TypeOf<typeof AzureDiskVolumeSource>

export const AzureFilePersistentVolumeSource = message('AzureFilePersistentVolumeSource', {
  secretName: f(1, str).required().always(),
  shareName: f(2, str).required().always(),
  readOnly: f(3, bool),
  secretNamespace: f(4, str).explicit(),
})
export type AzureFilePersistentVolumeSource = TypeOf<typeof AzureFilePersistentVolumeSource>

export const CSIPersistentVolumeSource = message('CSIPersistentVolumeSource', {
  driver: f(1, str).required().always(),
  volumeHandle: f(2, str).required().always(),
  readOnly: f(3, bool),
  fsType: f(4, str),
  volumeAttributes: f(5, map(str)),
  controllerPublishSecretRef: f(6, SecretReference),
  nodeStageSecretRef: f(7, SecretReference),
  nodePublishSecretRef: f(8, SecretReference),
  controllerExpandSecretRef: f(9, SecretReference),
  nodeExpandSecretRef: f(10, SecretReference),
})
export type CSIPersistentVolumeSource = TypeOf<typeof CSIPersistentVolumeSource>

export const CephFSPersistentVolumeSource = message('CephFSPersistentVolumeSource', {
  monitors: f(1, list(str)).explicit().required().listOf('atomic'),
  path: f(2, str),
  user: f(3, str),
  secretFile: f(4, str),
  secretRef: f(5, SecretReference),
  readOnly: f(6, bool),
})
export type CephFSPersistentVolumeSource = TypeOf<typeof CephFSPersistentVolumeSource>

export const CinderPersistentVolumeSource = message('CinderPersistentVolumeSource', {
  volumeID: f(1, str).required().always(),
  fsType: f(2, str),
  readOnly: f(3, bool),
  secretRef: f(4, SecretReference),
})
export type CinderPersistentVolumeSource = TypeOf<typeof CinderPersistentVolumeSource>

export const FCVolumeSource = message('FCVolumeSource', {
  targetWWNs: f(1, list(str)).listOf('atomic'),
  lun: f(2, int32).explicit(),
  fsType: f(3, str),
  readOnly: f(4, bool),
  wwids: f(5, list(str)).listOf('atomic'),
})
export type FCVolumeSource = TypeOf<typeof FCVolumeSource>

export const FlexPersistentVolumeSource = message('FlexPersistentVolumeSource', {
  driver: f(1, str).required().always(),
  fsType: f(2, str),
  secretRef: f(3, SecretReference),
  readOnly: f(4, bool),
  options: f(5, map(str)),
})
export type FlexPersistentVolumeSource = TypeOf<typeof FlexPersistentVolumeSource>

export const FlockerVolumeSource = message('FlockerVolumeSource', {
  datasetName: f(1, str),
  datasetUUID: f(2, str),
})
export type FlockerVolumeSource = TypeOf<typeof FlockerVolumeSource>

export const GCEPersistentDiskVolumeSource = message('GCEPersistentDiskVolumeSource', {
  pdName: f(1, str).required().always(),
  fsType: f(2, str),
  partition: f(3, int32),
  readOnly: f(4, bool),
})
export type GCEPersistentDiskVolumeSource = TypeOf<typeof GCEPersistentDiskVolumeSource>

export const GlusterfsPersistentVolumeSource = message('GlusterfsPersistentVolumeSource', {
  endpoints: f(1, str).required().always(),
  path: f(2, str).required().always(),
  readOnly: f(3, bool),
  endpointsNamespace: f(4, str).explicit(),
})
export type GlusterfsPersistentVolumeSource = TypeOf<typeof GlusterfsPersistentVolumeSource>

export const HostPathVolumeSource = message('HostPathVolumeSource', {
  path: f(1, str).required().always(),
  type: f(
    2,
    oneOf('', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'),
  ).explicit(),
})
export type HostPathVolumeSource = TypeOf<typeof HostPathVolumeSource>

export const ISCSIPersistentVolumeSource = message('ISCSIPersistentVolumeSource', {
  targetPortal: f(1, str).required().always(),
  iqn: f(2, str).required().always(),
  lun: f(3, int32).required().always(),
  iscsiInterface: f(4, str).default('default'),
  fsType: f(5, str),
  readOnly: f(6, bool),
  portals: f(7, list(str)).listOf('atomic'),
  chapAuthDiscovery: f(8, bool),
  secretRef: f(10, SecretReference),
  chapAuthSession: f(11, bool),
  initiatorName: f(12, str).explicit(),
})
export type ISCSIPersistentVolumeSource = TypeOf<typeof ISCSIPersistentVolumeSource>

export const LocalVolumeSource = message('LocalVolumeSource', {
  path: f(1, str).required().always(),
  fsType: f(2, str).explicit(),
})
export type LocalVolumeSource = TypeOf<typeof LocalVolumeSource>

export const NFSVolumeSource = message('NFSVolumeSource', {
  server: f(1, str).required().always(),
  path: f(2, str).required().always(),
  readOnly: f(3, bool),
})
export type NFSVolumeSource = TypeOf<typeof NFSVolumeSource>

export const PhotonPersistentDiskVolumeSource = message('PhotonPersistentDiskVolumeSource', {
  pdID: f(1, str).required().always(),
  fsType: f(2, str),
})
export type PhotonPersistentDiskVolumeSource = TypeOf<typeof PhotonPersistentDiskVolumeSource>

export const PortworxVolumeSource = message('PortworxVolumeSource', {
  volumeID: f(1, str).required().always(),
  fsType: f(2, str),
  readOnly: f(3, bool),
})
export type PortworxVolumeSource = TypeOf<typeof PortworxVolumeSource>

export const QuobyteVolumeSource = message('QuobyteVolumeSource', {
  registry: f(1, str).required().always(),
  volume: f(2, str).required().always(),
  readOnly: f(3, bool),
  user: f(4, str),
  group: f(5, str),
  tenant: f(6, str),
})
export type QuobyteVolumeSource = TypeOf<typeof QuobyteVolumeSource>

export const RBDPersistentVolumeSource = message('RBDPersistentVolumeSource', {
  monitors: f(1, list(str)).explicit().required().listOf('atomic'),
  image: f(2, str).required().always(),
  fsType: f(3, str),
  pool: f(4, str).default('rbd'),
  user: f(5, str).default('admin'),
  keyring: f(6, str).default('/etc/ceph/keyring'),
  secretRef: f(7, SecretReference),
  readOnly: f(8, bool),
})
export type RBDPersistentVolumeSource = TypeOf<typeof RBDPersistentVolumeSource>

export const ScaleIOPersistentVolumeSource = message('ScaleIOPersistentVolumeSource', {
  gateway: f(1, str).required().always(),
  system: f(2, str).required().always(),
  secretRef: f(3, SecretReference).required(),
  sslEnabled: f(4, bool),
  protectionDomain: f(5, str),
  storagePool: f(6, str),
  storageMode: f(7, str).default('ThinProvisioned'),
  volumeName: f(8, str),
  fsType: f(9, str).default('xfs'),
  readOnly: f(10, bool),
})
export type ScaleIOPersistentVolumeSource = TypeOf<typeof ScaleIOPersistentVolumeSource>

export const StorageOSPersistentVolumeSource = message('StorageOSPersistentVolumeSource', {
  volumeName: f(1, str),
  volumeNamespace: f(2, str),
  fsType: f(3, str),
  readOnly: f(4, bool),
  secretRef: f(5, ObjectReference),
})
export type StorageOSPersistentVolumeSource = TypeOf<typeof StorageOSPersistentVolumeSource>

export const VsphereVirtualDiskVolumeSource = message('VsphereVirtualDiskVolumeSource', {
  volumePath: f(1, str).required().always(),
  fsType: f(2, str),
  storagePolicyName: f(3, str),
  storagePolicyID: f(4, str),
})
export type VsphereVirtualDiskVolumeSource = TypeOf<typeof VsphereVirtualDiskVolumeSource>

export const PersistentVolumeSource = message('PersistentVolumeSource', {
  gcePersistentDisk: f(1, GCEPersistentDiskVolumeSource),
  awsElasticBlockStore: f(2, AWSElasticBlockStoreVolumeSource),
  hostPath: f(3, HostPathVolumeSource),
  glusterfs: f(4, GlusterfsPersistentVolumeSource),
  nfs: f(5, NFSVolumeSource),
  rbd: f(6, RBDPersistentVolumeSource),
  iscsi: f(7, ISCSIPersistentVolumeSource),
  cinder: f(8, CinderPersistentVolumeSource),
  cephfs: f(9, CephFSPersistentVolumeSource),
  fc: f(10, FCVolumeSource),
  flocker: f(11, FlockerVolumeSource),
  flexVolume: f(12, FlexPersistentVolumeSource),
  azureFile: f(13, AzureFilePersistentVolumeSource),
  vsphereVolume: f(14, VsphereVirtualDiskVolumeSource),
  quobyte: f(15, QuobyteVolumeSource),
  azureDisk: f(16, AzureDiskVolumeSource),
  photonPersistentDisk: f(17, PhotonPersistentDiskVolumeSource),
  portworxVolume: f(18, PortworxVolumeSource),
  scaleIO: f(19, ScaleIOPersistentVolumeSource),
  local: f(20, LocalVolumeSource),
  storageos: f(21, StorageOSPersistentVolumeSource),
  csi: f(22, CSIPersistentVolumeSource),
})
export type PersistentVolumeSource = TypeOf<typeof PersistentVolumeSource>
