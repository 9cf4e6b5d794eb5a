"""Entry point of the image: `init` prepares the files for Envoy, `run` is the controller.

Why two: Envoy does not start without the files it watches, and containers of a pod start in no order; an init
container does.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from .admin import Admin, EnvoyAwayError
from .controller import Controller
from .files import write_initial
from .health import Health, serve
from .kube import ApiServer
from .settings import Settings, from_environment

LOG = logging.getLogger("gateway")


def main(arguments: list[str] | None = None) -> int:
    """Run the verb; `--kubeconfig` is for a controller outside of a pod."""
    parser = argparse.ArgumentParser(prog="gateway", description="Ingress controller of the local cluster")
    parser.add_argument("verb", choices=("init", "run"))
    parser.add_argument("--kubeconfig", type=Path, help="instead of the pod's service account")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = from_environment()
    LOG.info("first configuration %s", "written" if write_initial(settings) else "is already there")
    return 0 if chosen.verb == "init" else _run(settings, chosen.kubeconfig)


def _run(settings: Settings, kubeconfig: Path | None) -> int:
    health = Health()
    server = serve(health, settings.bind_address, settings.health_port)
    controller = Controller(ApiServer(kubeconfig), settings, health)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: controller.stop())
    _drain(settings, begin=False)
    controller.run()
    # SIGTERM: the pod goes. Clients are asked to leave while Envoy's preStop sleep still keeps it serving.
    _drain(settings, begin=True)
    server.shutdown()
    return 0


def _drain(settings: Settings, begin: bool) -> None:
    try:
        Admin(settings.admin).drain(begin)
    except EnvoyAwayError as error:
        LOG.info("Envoy is not reachable (%s); nothing to drain", error)


if __name__ == "__main__":
    sys.exit(main())
