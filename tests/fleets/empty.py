"""A control plane without nodes, started and ended: prints what its API server made, and whom the cluster would count.

`/proc` is the process namespace's own here, so what the local cluster finds by its mark could only be the fleet's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from scripts.local.cluster import processes
from scripts.local.cluster.layout import Layout
from scripts.local.supply.api import ensure_host_tools
from scripts.progress import Progress
from tests.fleets.control_plane import ControlPlane, make_link
from tests.fleets.namespaces import mount_root


def main(root: Path) -> None:
    mount_root(root)
    make_link()
    plane = ControlPlane(root, ensure_host_tools(Progress(quiet=True)).bin_dir)
    plane.start()
    names = [item["metadata"]["name"] for item in plane.client.list("v1", "Namespace")]
    marked = sorted({process.name for layout in (Layout(), plane.layout) for process in processes.owned(layout)})
    sys.stdout.write(json.dumps({"namespaces": names, "marked": marked}) + "\n")
    plane.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
