package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A workload is one of upstream's scheduler_perf, by the shape of its pods: some are bound beforehand, then those that
// are measured are created as fast as the server takes them.
type workload struct {
	name string
	// initial and measured pods, at 1,000 nodes and more generally for each node.
	initial  func(nodes int) int
	measured func(nodes int) int
	// initialPod shapes the pods that are there before; nil: as the measured ones.
	initialPod func(*corev1.Pod)
	pod        func(*corev1.Pod)
	// gated initial pods are never bound.
	gated bool
	churn bool
}

func pods(count int) func(int) int { return func(int) int { return count } }
func perNode(count float64) func(int) int {
	return func(nodes int) int { return int(count * float64(nodes)) }
}

const (
	zoneLabel      = "topology.kubernetes.io/zone"
	hostnameLabel  = "kubernetes.io/hostname"
	zones          = 3
	highPriority   = "load-high"
	workloadSecret = "load-secret"
)

var workloads = []workload{
	{name: "basic", initial: pods(500), measured: pods(2000), pod: func(*corev1.Pod) {}},
	{name: "spreading", initial: pods(500), measured: pods(1000), initialPod: func(*corev1.Pod) {}, pod: spread(corev1.DoNotSchedule)},
	{name: "preferred-spreading", initial: pods(500), measured: pods(1000), initialPod: func(*corev1.Pod) {}, pod: spread(corev1.ScheduleAnyway)},
	{name: "affinity", initial: pods(500), measured: pods(1000), pod: withAffinity("blue", func(term corev1.PodAffinityTerm) *corev1.Affinity {
		term.TopologyKey = zoneLabel
		return &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term}}}
	})},
	{name: "anti-affinity", initial: perNode(0.1), measured: perNode(0.4), pod: withAffinity("green", func(term corev1.PodAffinityTerm) *corev1.Affinity {
		return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term}}}
	})},
	{name: "preferred-affinity", initial: pods(500), measured: pods(1000), pod: withAffinity("red", func(term corev1.PodAffinityTerm) *corev1.Affinity {
		return &corev1.Affinity{PodAffinity: &corev1.PodAffinity{PreferredDuringSchedulingIgnoredDuringExecution: weighted(term)}}
	})},
	{name: "preferred-anti-affinity", initial: pods(500), measured: pods(1000), pod: withAffinity("yellow", func(term corev1.PodAffinityTerm) *corev1.Affinity {
		return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: weighted(term)}}
	})},
	{name: "node-affinity", initial: pods(500), measured: pods(1000), pod: inTwoZones},
	{name: "gated", initial: pods(2000), measured: pods(1000), gated: true, initialPod: func(pod *corev1.Pod) {
		pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/hold"}}
	}, pod: func(*corev1.Pod) {}},
	{name: "secrets", initial: pods(500), measured: pods(1000), pod: func(pod *corev1.Pod) {
		pod.Spec.Volumes = []corev1.Volume{{Name: "secret", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: workloadSecret}}}}
	}},
	{name: "churn", initial: pods(0), measured: pods(1000), churn: true, pod: func(*corev1.Pod) {}},
	{name: "preemption", initial: perNode(4), measured: perNode(0.25), initialPod: requesting("900m"), pod: func(pod *corev1.Pod) {
		requesting("3")(pod)
		pod.Spec.PriorityClassName = highPriority
	}},
}

func workloadPod(name string, shape func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: new(int64),
			Containers: []corev1.Container{{
				Name: "main", Image: "registry.k8s.io/pause:3.10.2", Ports: []corev1.ContainerPort{{ContainerPort: 80}},
			}},
		},
	}
	requesting("100m")(pod)
	shape(pod)
	return pod
}

func requesting(cpu string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		amounts := corev1.ResourceList{"cpu": resource.MustParse(cpu), "memory": resource.MustParse("500Mi")}
		pod.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: amounts, Limits: amounts}
	}
}

func spread(how corev1.UnsatisfiableConstraintAction) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Labels = map[string]string{"color": "blue"}
		pod.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 5, TopologyKey: zoneLabel, WhenUnsatisfiable: how, LabelSelector: &metav1.LabelSelector{MatchLabels: pod.Labels},
		}}
	}
}

// withAffinity labels the pod with a colour and makes its affinity from a term that selects this colour on a host.
func withAffinity(color string, affinity func(corev1.PodAffinityTerm) *corev1.Affinity) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Labels = map[string]string{"color": color}
		pod.Spec.Affinity = affinity(corev1.PodAffinityTerm{
			TopologyKey: hostnameLabel, LabelSelector: &metav1.LabelSelector{MatchLabels: pod.Labels},
		})
	}
}

func weighted(term corev1.PodAffinityTerm) []corev1.WeightedPodAffinityTerm {
	return []corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: term}}
}

func inTwoZones(pod *corev1.Pod) {
	terms := []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
		Key: zoneLabel, Operator: corev1.NodeSelectorOpIn, Values: []string{zoneName(0), zoneName(1)},
	}}}}
	pod.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
}

func zoneName(number int) string { return fmt.Sprintf("zone%d", number%zones) }

func workloadNode(number int) *corev1.Node {
	name := fmt.Sprintf("load-%05d", number)
	amounts := corev1.ResourceList{"pods": resource.MustParse("110"), "cpu": resource.MustParse("4"), "memory": resource.MustParse("32Gi")}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{hostnameLabel: name, zoneLabel: zoneName(number)}},
		Status: corev1.NodeStatus{
			Capacity: amounts, Allocatable: amounts,
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
}
