package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// shards is how many values the label "shard" has: a list by it returns one object in so many.
const shards = 100

const imageName = "registry.example/shop/web:1.27.3"

// typicalPod is as large as a pod of a Deployment is: 2.5 to 3 KB as JSON once it is stored.
func typicalPod(name string, number int) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				"app.kubernetes.io/name": "web", "app.kubernetes.io/part-of": "shop", "tier": "frontend",
				"shard": fmt.Sprintf("s%02d", number%shards), "pod-template-hash": "6c5bd9cd84",
			},
			Annotations: map[string]string{
				"prometheus.io/scrape": "true", "prometheus.io/port": "9102", "checksum/config": "9f86d081884c7d659a2feaa0c55ad015",
			},
		},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{
				Name: "web", Image: imageName, Args: []string{"--listen=:8080", "--log-level=info"},
				Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}, {Name: "metrics", ContainerPort: 9102}},
				Env: []corev1.EnvVar{
					{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
					{Name: "REGION", Value: "eu-central-1"}, {Name: "UPSTREAM", Value: "http://catalog.shop.svc:8080"},
				},
				Resources: corev1.ResourceRequirements{
					Requests: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")},
					Limits:   corev1.ResourceList{"memory": resource.MustParse("256Mi")},
				},
				ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
					HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")},
				}},
				VolumeMounts: []corev1.VolumeMount{{Name: "cache", MountPath: "/var/cache/web"}},
			}},
			Volumes: []corev1.Volume{{Name: "cache", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
		},
	}
}

// runningStatus is what a node reports of a pod.
func runningStatus(podIP string) corev1.PodStatus {
	started := true
	now := metav1.Now()
	condition := func(of corev1.PodConditionType) corev1.PodCondition {
		return corev1.PodCondition{Type: of, Status: corev1.ConditionTrue, LastTransitionTime: now}
	}
	return corev1.PodStatus{
		Phase: corev1.PodRunning, HostIP: "192.0.2.10", PodIP: podIP, PodIPs: []corev1.PodIP{{IP: podIP}}, StartTime: &now,
		Conditions: []corev1.PodCondition{
			condition(corev1.PodInitialized), condition(corev1.PodReady), condition(corev1.ContainersReady), condition(corev1.PodScheduled),
		},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: "web", Ready: true, Started: &started, Image: imageName, ImageID: imageName,
			ContainerID: "containerd://0f3ba23ad3d3bd2e0b4dbbf0b4e0c1a2",
			State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		}},
	}
}
