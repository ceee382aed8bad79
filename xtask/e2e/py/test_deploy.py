"""What is in deploy/: that it renders, is valid, fits together, and starts what it says."""

from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest
import yaml

from harness import wire
from harness.processes import ROOT, Process, binary, clean_env, free_port, poll

DEPLOY = ROOT / "deploy"
BASE = DEPLOY / "kustomize/base"
# What the process may take for its last logs and spans (`FLUSH` of the binary, once each).
FLUSH = 5
OLDEST = "1.30"


@pytest.fixture(scope="module")
def kubectl():
    program = os.environ.get("KUBECTL")
    if not program:
        tell = pytest.skip if os.environ.get("KUBECTL_MAY_MISS") else pytest.fail
        tell("deploy/kustomize needs kubectl; `cargo xtask e2e` installs it")
    return program


def render(kubectl: str, folder: pathlib.Path) -> str:
    command = [kubectl, "kustomize", str(folder)]
    done = subprocess.run(command, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def of_kind(rendered: str, kind: str) -> list[dict]:
    return [it for it in yaml.safe_load_all(rendered) if it["kind"] == kind]


@pytest.fixture(scope="module")
def rendered(kubectl):
    return render(kubectl, BASE)


@pytest.fixture(scope="module")
def pod(rendered):
    (deployment,) = of_kind(rendered, "Deployment")
    return deployment["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def container(pod):
    (container,) = pod["containers"]
    return container


@pytest.fixture(scope="module")
def configuration(rendered):
    (config,) = of_kind(rendered, "ConfigMap")
    (text,) = config["data"].values()
    return text


def seconds(text: str) -> float:
    figure, unit = re.fullmatch(r"([\d.]+)(ms|s|m|h)", text).groups()
    return float(figure) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


@pytest.mark.parametrize("version", [OLDEST, "1.37"])
def test_the_manifests_are_valid(rendered, tmp_path, version):
    file = tmp_path / "rendered.yaml"
    file.write_text(rendered)
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", version, str(file)]
    done = subprocess.run(command, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("passed for resource") == 4


def test_a_manifest_with_a_wrong_key_is_refused(rendered, tmp_path):
    file = tmp_path / "rendered.yaml"
    file.write_text(rendered.replace("automountServiceAccountToken", "automountServiceAccountTokens"))
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", str(file)]
    done = subprocess.run(command, text=True, capture_output=True, timeout=60)
    assert done.returncode != 0


def test_the_pod_may_do_nothing_that_it_need_not(pod, container):
    assert pod["enableServiceLinks"] is False
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert all(mount["readOnly"] for mount in container["volumeMounts"])
    assert "env" not in container and "envFrom" not in container, "keys are files"
    assert container["resources"]["requests"] and container["resources"]["limits"]["memory"]


def test_a_pod_has_the_time_to_end_in(pod, container, configuration):
    server = yaml.safe_load(configuration)["server"]
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    own = seconds(server.get("pre_stop", "0s")) + seconds(server["drain"])
    assert pause + own + FLUSH < pod["terminationGracePeriodSeconds"]
    readiness = container["readinessProbe"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert readiness["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"]


def test_ports_probes_services_and_volumes_fit_together(rendered, pod, container, configuration):
    server = yaml.safe_load(configuration)["server"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert server["listen"] == f"0.0.0.0:{ports['http']}"
    assert server["ops_listen"] == f"0.0.0.0:{ports['ops']}"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] == "ops"
    (deployment,) = of_kind(rendered, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    services = {service["metadata"]["name"]: service for service in of_kind(rendered, "Service")}
    for name, port in [("tollgate", "http"), ("tollgate-ops", "ops")]:
        assert services[name]["spec"]["selector"].items() <= labels.items()
        assert [it["targetPort"] for it in services[name]["spec"]["ports"]] == [port]
    (config,) = of_kind(rendered, "ConfigMap")
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    (file,) = config["data"]
    assert container["args"] == ["serve", "--config", f"{mounts['config']}/{file}"]
    keys = re.findall(r"file:(\S+)/[^/\s]+", configuration)
    assert set(keys) == {mounts["keys"]}
    # The group that the key files belong to is the process's.
    assert volumes["keys"]["secret"]["defaultMode"] == 0o440
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]


def test_the_image_is_the_version_of_the_workspace(container):
    manifest = (ROOT / "Cargo.toml").read_text()
    version = re.search(r'^version = "(.+)"', manifest, re.MULTILINE)[1]
    assert container["image"] == f"tollgate:{version}"


@pytest.fixture
def mounted(configuration, tmp_path):
    """The pod's configuration and keys, where a test may write."""
    (tmp_path / "keys").mkdir()
    for name in re.findall(r"file:/etc/tollgate/keys/(\S+)", configuration):
        (tmp_path / "keys" / name).write_text(f"sk-{name}\n")
    file = tmp_path / "tollgate.yaml"
    file.write_text(configuration.replace("/etc/tollgate/keys", str(tmp_path / "keys")))
    return file


def tollgate(*args: str, env: dict[str, str] | None = None, cwd=None) -> Process:
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    return Process([program, *args], env=clean_env() | (env or {}), cwd=cwd and str(cwd))


def test_the_configuration_of_the_pod_loads(mounted):
    process = tollgate("check", "--config", str(mounted), cwd=mounted.parent)
    assert process.wait() == 0, process.lines
    *warnings, last = process.lines
    assert last == "ok: 2 models, 2 deployments"
    # What a pod cannot do otherwise, and nothing else.
    assert all("can be reached from other machines" in warning for warning in warnings), warnings


def test_a_pod_without_its_keys_says_so(mounted):
    (mounted.parent / "keys/openai").unlink()
    process = tollgate("check", "--config", str(mounted), cwd=mounted.parent)
    assert process.wait() == 2
    assert process.log("models.gpt-4o.api_key"), process.lines


def test_an_overlay_changes_image_and_configuration(kubectl, tmp_path):
    base = os.path.relpath(BASE, tmp_path)
    (tmp_path / "tollgate.yaml").write_text("models: { m: { provider: mock } }\n")
    overlay = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "llm",
        "resources": [base],
        "images": [{"name": "tollgate", "newName": "registry.example.com/tollgate"}],
        "configMapGenerator": [
            {"name": "tollgate", "behavior": "replace", "files": ["tollgate.yaml"]}
        ],
    }
    (tmp_path / "kustomization.yaml").write_text(json.dumps(overlay))
    rendered = render(kubectl, tmp_path)
    (config,) = of_kind(rendered, "ConfigMap")
    assert config["data"]["tollgate.yaml"] == "models: { m: { provider: mock } }\n"
    (deployment,) = of_kind(rendered, "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"].startswith("registry.example.com/tollgate:")
    names = [it["configMap"]["name"] for it in pod["volumes"] if "configMap" in it]
    assert names == [config["metadata"]["name"]]
    assert {it["metadata"]["namespace"] for it in yaml.safe_load_all(rendered)} == {"llm"}


def test_what_the_image_runs_is_what_it_says(tmp_path):
    text = (DEPLOY / "docker/Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line and not line.startswith("#")]
    env = dict(
        pair.split("=", 1)
        for line in lines
        if line.startswith("ENV ")
        for pair in line.removeprefix("ENV ").split()
    )
    (entry,) = [json.loads(line[11:]) for line in lines if line.startswith("ENTRYPOINT ")]
    (check,) = [
        json.loads(line[line.index("[") :]) for line in lines if line.startswith("HEALTHCHECK ")
    ]
    (copied,) = [line.split()[-1] for line in lines if line.startswith("COPY --from=build ")]
    assert entry == [copied] and check[0] == copied
    assert [line for line in lines if line.startswith("USER ")] == ["USER 65532:65532"]

    # The same addresses at ports that are free here.
    env = {
        name: f"{address.rsplit(':', 1)[0]}:{free_port()}" for name, address in env.items()
    }
    assert all(name.startswith("TOLLGATE__SERVER__") for name in env)
    assert all(address.startswith("0.0.0.0:") for address in env.values())
    before = tollgate(*check[1:], env=env, cwd=tmp_path)
    assert before.wait() == 1
    served = tollgate(*entry[1:], env=env, cwd=tmp_path)
    try:
        poll("the gateway to be healthy", lambda: healthy(check, env, tmp_path))
        port = env["TOLLGATE__SERVER__LISTEN"].rsplit(":", 1)[1]
        assert wire.get(f"http://127.0.0.1:{port}/health").status == 200
        served.signal(signal.SIGTERM)
        assert served.wait() == 0
        assert not healthy(check, env, tmp_path)
    finally:
        served.stop()


def healthy(check: list[str], env: dict[str, str], folder: pathlib.Path) -> bool:
    process = tollgate(*check[1:], env=env, cwd=folder)
    code = process.wait()
    assert process.lines == [], "--quiet says nothing"
    return code == 0
