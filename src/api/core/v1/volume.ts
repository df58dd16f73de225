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

export const AzureFileVolumeSource = message('AzureFileVolumeSource', {
  secretName: f(1, str).required().always(),
  shareName: f(2, str).required().always(),
  readOnly: f(3, bool),
})
export type AzureFileVolumeSource = TypeOf<typeof AzureFileVolumeSource>

export const CSIVolumeSource = message('CSIVolumeSource', {
  driver: f(1, str).required().always(),
  readOnly: f(2, bool).explicit(),
  fsType: f(3, str).explicit(),
  volumeAttributes: f(4, map(str)),
  nodePublishSecretRef: f(5, LocalObjectReference),
})
export type CSIVolumeSource = TypeOf<typeof CSIVolumeSource>

export const CephFSVolumeSource = message('CephFSVolumeSource', {
  monitors: f(1, list(str)).explicit().required().listOf('atomic'),
  path: f(2, str),
  user: f(3, str),
  secretFile: f(4, str),
  secretRef: f(5, LocalObjectReference),
  readOnly: f(6, bool),
})
export type CephFSVolumeSource = TypeOf<typeof CephFSVolumeSource>

export const CinderVolumeSource = message('CinderVolumeSource', {
  volumeID: f(1, str).required().always(),
  fsType: f(2, str),
  readOnly: f(3, bool),
  secretRef: f(4, LocalObjectReference),
})
export type CinderVolumeSource = TypeOf<typeof CinderVolumeSource>

export const ClusterTrustBundleProjection = message('ClusterTrustBundleProjection', {
  name: f(1, str).explicit(),
  signerName: f(2, str).explicit(),
  labelSelector: f(3, LabelSelector),
  path: f(4, str).required().always(),
  optional: f(5, bool).explicit(),
  user: f(6, int64).explicit(),
})
export type ClusterTrustBundleProjection = TypeOf<typeof ClusterTrustBundleProjection>

export const KeyToPath = message('KeyToPath', {
  key: f(1, str).required().always(),
  path: f(2, str).required().always(),
  mode: f(3, int32).explicit(),
  user: f(4, int64).explicit(),
})
export type KeyToPath = TypeOf<typeof KeyToPath>

export const ConfigMapProjection = message('ConfigMapProjection', {
  ...inline(1, LocalObjectReference),
  items: f(2, list(KeyToPath)).listOf('atomic'),
  optional: f(4, bool).explicit(),
})
export type ConfigMapProjection = TypeOf<typeof ConfigMapProjection>

export const ConfigMapVolumeSource = message('ConfigMapVolumeSource', {
  ...inline(1, LocalObjectReference),
  items: f(2, list(KeyToPath)).listOf('atomic'),
  defaultMode: f(3, int32).explicit(),
  optional: f(4, bool).explicit(),
  defaultUser: f(5, int64).explicit(),
})
export type ConfigMapVolumeSource = TypeOf<typeof ConfigMapVolumeSource>

export const DownwardAPIVolumeFile = message('DownwardAPIVolumeFile', {
  path: f(1, str).required().always(),
  fieldRef: f(2, ObjectFieldSelector),
  resourceFieldRef: f(3, ResourceFieldSelector),
  mode: f(4, int32).explicit(),
  user: f(5, int64).explicit(),
})
export type DownwardAPIVolumeFile = TypeOf<typeof DownwardAPIVolumeFile>

export const DownwardAPIProjection = message('DownwardAPIProjection', {
  items: f(1, list(DownwardAPIVolumeFile)).listOf('atomic'),
})
export type DownwardAPIProjection = TypeOf<typeof DownwardAPIProjection>

export const DownwardAPIVolumeSource = message('DownwardAPIVolumeSource', {
  items: f(1, list(DownwardAPIVolumeFile)).listOf('atomic'),
  defaultMode: f(2, int32).explicit(),
  defaultUser: f(3, int64).explicit(),
})
export type DownwardAPIVolumeSource = TypeOf<typeof DownwardAPIVolumeSource>

export const EmptyDirVolumeSource = message('EmptyDirVolumeSource', {
  medium: f(1, str),
  sizeLimit: f(2, quantity).explicit(),
  mode: f(3, int32).explicit(),
})
export type EmptyDirVolumeSource = TypeOf<typeof EmptyDirVolumeSource>

export const PersistentVolumeClaimSpec = message('PersistentVolumeClaimSpec', {
  accessModes: f(1, list(oneOf('ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'))).listOf('atomic'),
  resources: f(2, VolumeResourceRequirements).always(),
  volumeName: f(3, str),
  selector: f(4, LabelSelector),
  storageClassName: f(5, str).explicit(),
  volumeMode: f(6, oneOf('Block', 'Filesystem')).explicit(),
  dataSource: f(7, TypedLocalObjectReference),
  dataSourceRef: f(8, TypedObjectReference),
  volumeAttributesClassName: f(9, str).explicit(),
})
export type PersistentVolumeClaimSpec = TypeOf<typeof PersistentVolumeClaimSpec>

export const PersistentVolumeClaimTemplate = message('PersistentVolumeClaimTemplate', {
  metadata: f(1, ObjectMeta).always(),
  spec: f(2, PersistentVolumeClaimSpec).required().always(),
})
export type PersistentVolumeClaimTemplate = TypeOf<typeof PersistentVolumeClaimTemplate>

export const EphemeralVolumeSource = message('EphemeralVolumeSource', {
  volumeClaimTemplate: f(1, PersistentVolumeClaimTemplate),
})
export type EphemeralVolumeSource = TypeOf<typeof EphemeralVolumeSource>

export const FlexVolumeSource = message('FlexVolumeSource', {
  driver: f(1, str).required().always(),
  fsType: f(2, str),
  secretRef: f(3, LocalObjectReference),
  readOnly: f(4, bool),
  options: f(5, map(str)),
})
export type FlexVolumeSource = TypeOf<typeof FlexVolumeSource>

export const GitRepoVolumeSource = message('GitRepoVolumeSource', {
  repository: f(1, str).required().always(),
  revision: f(2, str),
  directory: f(3, str),
})
export type GitRepoVolumeSource = TypeOf<typeof GitRepoVolumeSource>

export const GlusterfsVolumeSource = message('GlusterfsVolumeSource', {
  endpoints: f(1, str).required().always(),
  path: f(2, str).required().always(),
  readOnly: f(3, bool),
})
export type GlusterfsVolumeSource = TypeOf<typeof GlusterfsVolumeSource>

export const ISCSIVolumeSource = message('ISCSIVolumeSource', {
  targetPortal: f(1, str).required().always(),
  iqn: f(2, str).required().always(),
  lun: f(3, int32).required().always(),
  iscsiInterface: f(4, str).default('default'),
  fsType: f(5, str),
  readOnly: f(6, bool),
  portals: f(7, list(str)).listOf('atomic'),
  chapAuthDiscovery: f(8, bool),
  secretRef: f(10, LocalObjectReference),
  chapAuthSession: f(11, bool),
  initiatorName: f(12, str).explicit(),
})
export type ISCSIVolumeSource = TypeOf<typeof ISCSIVolumeSource>

export const ImageVolumeSource = message('ImageVolumeSource', {
  reference: f(1, str),
  pullPolicy: f(2, oneOf('Always', 'IfNotPresent', 'Never')),
})
export type ImageVolumeSource = TypeOf<typeof ImageVolumeSource>

export const ModifyVolumeStatus = message('ModifyVolumeStatus', {
  targetVolumeAttributesClassName: f(1, str),
  status: f(2, oneOf('InProgress', 'Infeasible', 'Pending'))
    .required()
    .always(),
})
export type ModifyVolumeStatus = TypeOf<typeof ModifyVolumeStatus>

export const PersistentVolumeClaimVolumeSource = message('PersistentVolumeClaimVolumeSource', {
  claimName: f(1, str).required().always(),
  readOnly: f(2, bool),
})
export type PersistentVolumeClaimVolumeSource = TypeOf<typeof PersistentVolumeClaimVolumeSource>

export const PodCertificateProjection = message('PodCertificateProjection', {
  signerName: f(1, str).required(),
  keyType: f(2, str).required(),
  maxExpirationSeconds: f(3, int32).explicit(),
  credentialBundlePath: f(4, str),
  keyPath: f(5, str),
  certificateChainPath: f(6, str),
  userAnnotations: f(7, map(str)),
  user: f(8, int64).explicit(),
})
export type PodCertificateProjection = TypeOf<typeof PodCertificateProjection>

export const SecretProjection = message('SecretProjection', {
  ...inline(1, LocalObjectReference),
  items: f(2, list(KeyToPath)).listOf('atomic'),
  optional: f(4, bool).explicit(),
})
export type SecretProjection = TypeOf<typeof SecretProjection>

export const ServiceAccountTokenProjection = message('ServiceAccountTokenProjection', {
  audience: f(1, str),
  expirationSeconds: f(2, int64).explicit(),
  path: f(3, str).required().always(),
  user: f(4, int64).explicit(),
})
export type ServiceAccountTokenProjection = TypeOf<typeof ServiceAccountTokenProjection>

export const VolumeProjection = message('VolumeProjection', {
  secret: f(1, SecretProjection),
  downwardAPI: f(2, DownwardAPIProjection),
  configMap: f(3, ConfigMapProjection),
  serviceAccountToken: f(4, ServiceAccountTokenProjection),
  clusterTrustBundle: f(5, ClusterTrustBundleProjection),
  podCertificate: f(6, PodCertificateProjection),
})
export type VolumeProjection = TypeOf<typeof VolumeProjection>

export const ProjectedVolumeSource = message('ProjectedVolumeSource', {
  sources: f(1, list(VolumeProjection)).explicit().listOf('atomic'),
  defaultMode: f(2, int32).explicit(),
  defaultUser: f(3, int64).explicit(),
})
export type ProjectedVolumeSource = TypeOf<typeof ProjectedVolumeSource>

export const RBDVolumeSource = message('RBDVolumeSource', {
  monitors: f(1, list(str)).explicit().required().listOf('atomic'),
  image: f(2, str).required().always(),
  fsType: f(3, str),
  pool: f(4, str).default('rbd'),
  user: f(5, str).default('admin'),
  keyring: f(6, str).default('/etc/ceph/keyring'),
  secretRef: f(7, LocalObjectReference),
  readOnly: f(8, bool),
})
export type RBDVolumeSource = TypeOf<typeof RBDVolumeSource>

export const ScaleIOVolumeSource = message('ScaleIOVolumeSource', {
  gateway: f(1, str).required().always(),
  system: f(2, str).required().always(),
  secretRef: f(3, LocalObjectReference).required(),
  sslEnabled: f(4, bool),
  protectionDomain: f(5, str),
  storagePool: f(6, str),
  storageMode: f(7, str).default('ThinProvisioned'),
  volumeName: f(8, str),
  fsType: f(9, str).default('xfs'),
  readOnly: f(10, bool),
})
export type ScaleIOVolumeSource = TypeOf<typeof ScaleIOVolumeSource>

export const SecretVolumeSource = message('SecretVolumeSource', {
  secretName: f(1, str),
  items: f(2, list(KeyToPath)).listOf('atomic'),
  defaultMode: f(3, int32).explicit(),
  optional: f(4, bool).explicit(),
  defaultUser: f(5, int64).explicit(),
})
export type SecretVolumeSource = TypeOf<typeof SecretVolumeSource>

export const StorageOSVolumeSource = message('StorageOSVolumeSource', {
  volumeName: f(1, str),
  volumeNamespace: f(2, str),
  fsType: f(3, str),
  readOnly: f(4, bool),
  secretRef: f(5, LocalObjectReference),
})
export type StorageOSVolumeSource = TypeOf<typeof StorageOSVolumeSource>

export const VolumeSource = message('VolumeSource', {
  hostPath: f(1, HostPathVolumeSource),
  emptyDir: f(2, EmptyDirVolumeSource),
  gcePersistentDisk: f(3, GCEPersistentDiskVolumeSource),
  awsElasticBlockStore: f(4, AWSElasticBlockStoreVolumeSource),
  gitRepo: f(5, GitRepoVolumeSource),
  secret: f(6, SecretVolumeSource),
  nfs: f(7, NFSVolumeSource),
  iscsi: f(8, ISCSIVolumeSource),
  glusterfs: f(9, GlusterfsVolumeSource),
  persistentVolumeClaim: f(10, PersistentVolumeClaimVolumeSource),
  rbd: f(11, RBDVolumeSource),
  flexVolume: f(12, FlexVolumeSource),
  cinder: f(13, CinderVolumeSource),
  cephfs: f(14, CephFSVolumeSource),
  flocker: f(15, FlockerVolumeSource),
  downwardAPI: f(16, DownwardAPIVolumeSource),
  fc: f(17, FCVolumeSource),
  azureFile: f(18, AzureFileVolumeSource),
  configMap: f(19, ConfigMapVolumeSource),
  vsphereVolume: f(20, VsphereVirtualDiskVolumeSource),
  quobyte: f(21, QuobyteVolumeSource),
  azureDisk: f(22, AzureDiskVolumeSource),
  photonPersistentDisk: f(23, PhotonPersistentDiskVolumeSource),
  portworxVolume: f(24, PortworxVolumeSource),
  scaleIO: f(25, ScaleIOVolumeSource),
  projected: f(26, ProjectedVolumeSource),
  storageos: f(27, StorageOSVolumeSource),
  csi: f(28, CSIVolumeSource),
  ephemeral: f(29, EphemeralVolumeSource),
  image: f(30, ImageVolumeSource),
})
export type VolumeSource = TypeOf<typeof VolumeSource>

export const Volume = message('Volume', {
  name: f(1, str).required().always(),
  ...inline(2, VolumeSource),
})
export type Volume = TypeOf<typeof Volume>

export const VolumeHealthCondition = message('VolumeHealthCondition', {
  status: f(1, oneOf('DataLoss', 'Degraded', 'Inaccessible'))
    .required()
    .always(),
  reason: f(2, str).required().always(),
  message: f(3, str),
})
export type VolumeHealthCondition = TypeOf<typeof VolumeHealthCondition>
