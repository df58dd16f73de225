/** CRI v1: images. */
import { f } from '../../schema/field.ts'
import { bool, list, map, str, type TypeOf, uint64 } from '../../schema/type.ts'
import { FilesystemUsage, ImageSpec, Int64Value } from './common-messages.ts'
import { message } from './package.ts'
import { PodSandboxConfig } from './sandbox-messages.ts'

export const ImageFilter = message('ImageFilter', {
  image: f(1, ImageSpec),
})
export type ImageFilter = TypeOf<typeof ImageFilter>

export const ListImagesRequest = message('ListImagesRequest', {
  filter: f(1, ImageFilter),
})
export type ListImagesRequest = TypeOf<typeof ListImagesRequest>

export const Image = message('Image', {
  id: f(1, str),
  repoTags: f(2, list(str)),
  repoDigests: f(3, list(str)),
  size: f(4, uint64),
  uid: f(5, Int64Value),
  username: f(6, str),
  spec: f(7, ImageSpec),
  pinned: f(8, bool),
})
export type Image = TypeOf<typeof Image>

export const ListImagesResponse = message('ListImagesResponse', {
  images: f(1, list(Image)),
})
export type ListImagesResponse = TypeOf<typeof ListImagesResponse>

export const ImageStatusRequest = message('ImageStatusRequest', {
  image: f(1, ImageSpec),
  verbose: f(2, bool),
})
export type ImageStatusRequest = TypeOf<typeof ImageStatusRequest>

export const ImageStatusResponse = message('ImageStatusResponse', {
  image: f(1, Image),
  info: f(2, map(str)),
})
export type ImageStatusResponse = TypeOf<typeof ImageStatusResponse>

export const AuthConfig = message('AuthConfig', {
  username: f(1, str),
  password: f(2, str),
  auth: f(3, str),
  serverAddress: f(4, str),
  identityToken: f(5, str),
  registryToken: f(6, str),
})
export type AuthConfig = TypeOf<typeof AuthConfig>

export const PullImageRequest = message('PullImageRequest', {
  image: f(1, ImageSpec),
  auth: f(2, AuthConfig),
  sandboxConfig: f(3, PodSandboxConfig),
})
export type PullImageRequest = TypeOf<typeof PullImageRequest>

export const PullImageResponse = message('PullImageResponse', {
  imageRef: f(1, str),
})
export type PullImageResponse = TypeOf<typeof PullImageResponse>

export const RemoveImageRequest = message('RemoveImageRequest', {
  image: f(1, ImageSpec),
})
export type RemoveImageRequest = TypeOf<typeof RemoveImageRequest>

export const ImageFsInfoRequest = message('ImageFsInfoRequest', {})
export type ImageFsInfoRequest = TypeOf<typeof ImageFsInfoRequest>

export const ImageFsInfoResponse = message('ImageFsInfoResponse', {
  imageFilesystems: f(1, list(FilesystemUsage)),
  containerFilesystems: f(2, list(FilesystemUsage)),
})
export type ImageFsInfoResponse = TypeOf<typeof ImageFsInfoResponse>
