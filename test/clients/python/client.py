"""Uses a cluster by the official Python client: client.py KUBECONFIG NAMESPACE IMAGE. Fails at the first fault."""
import sys
import time

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

kubeconfig, namespace, image = sys.argv[1:]
config.load_kube_config(kubeconfig)
core, apps = client.CoreV1Api(), client.AppsV1Api()


def status_of(call):
    try:
        call()
    except ApiException as error:
        return error.status
    return 200


made = core.create_namespaced_config_map(namespace, {"metadata": {"name": "python"}, "data": {"a": "1"}})
seen = []
core.patch_namespaced_config_map("python", namespace, {"data": {"b": "2"}})
core.delete_namespaced_config_map("python", namespace)
options = {"resource_version": made.metadata.resource_version, "timeout_seconds": 30}
for event in watch.Watch().stream(core.list_namespaced_config_map, namespace, **options):
    if event["object"].metadata.name == "python":
        seen.append(event["type"])
    if event["type"] == "DELETED":
        break
assert seen == ["MODIFIED", "DELETED"], seen
assert status_of(lambda: core.read_namespaced_config_map("python", namespace)) == 404
assert status_of(lambda: core.create_namespaced_config_map(namespace, {"metadata": {"name": "No"}})) == 422

labels = {"app": "python"}
container = {"name": "main", "image": image, "command": ["sh", "-c", "echo logged; sleep 600"]}
template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}
spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
apps.create_namespaced_deployment(namespace, {"metadata": {"name": "python"}, "spec": spec})
deadline = time.monotonic() + 60
while (apps.read_namespaced_deployment_status("python", namespace).status.ready_replicas or 0) < 2:
    assert time.monotonic() < deadline, "the deployment does not become ready"
    time.sleep(0.1)
pods = core.list_namespaced_pod(namespace, label_selector="app=python").items
assert len(pods) == 2
name = pods[0].metadata.name
assert core.read_namespaced_pod_log(name, namespace) == "logged\n"
told = stream(core.connect_get_namespaced_pod_exec, name, namespace, command=["echo", "hello"], stdout=True, stderr=True, stdin=False, tty=False)
assert told == "hello\n", told

any_kind = dynamic.DynamicClient(client.ApiClient())
deployments = any_kind.resources.get(api_version="apps/v1", kind="Deployment")
applied = deployments.server_side_apply(
    body={"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "python", "labels": {"by": "apply"}}},
    namespace=namespace,
    field_manager="python-test",
)
assert applied.metadata.labels.by == "apply"
apps.delete_namespaced_deployment("python", namespace, propagation_policy="Foreground")
print("done")
