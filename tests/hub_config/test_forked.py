"""Kernels that are copies: with their own person's words, and nothing of the service's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

#: A service of its own process, for the program that is copied lives as long as it does.
SERVICE = """
    import asyncio, json, os
    from hub_config import forked

    CODE = '''
    import json, os, sys
    import ipywidgets
    from ipykernel.comm.manager import CommManager
    targets = list(get_ipython().kernel.comm_manager.targets)
    begun = open("/proc/self/environ").read()
    print(json.dumps({"token": os.environ.get("TOKEN"), "names": sorted(os.environ),
                      "begun": "hidden-word" in begun, "targets": targets,
                      "parent": os.getppid(), "pages": "stitchsketch_widgets" in sys.modules}))
    '''.replace("\\n    ", "\\n")

    async def kernel(number):
        from jupyter_client import AsyncKernelManager
        from jupyter_client.provisioning import KernelProvisionerFactory
        KernelProvisionerFactory.instance().default_provisioner_name = forked.NAME
        manager = AsyncKernelManager(kernel_name="python3")
        await manager.start_kernel(env={"PATH": os.environ["PATH"], "TOKEN": f"of {number}"})
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=120)
        said = []
        def hear(message):
            if message["msg_type"] in {"stream", "error"}:
                said.append(message["content"].get("text") or str(message["content"]))
        await client.execute_interactive(CODE, output_hook=hear)
        client.stop_channels()
        told = json.loads("".join(said))
        await manager.shutdown_kernel()
        return told | {"ended": not await manager.is_alive()}

    async def main():
        print(json.dumps([await kernel(number) for number in range(2)]))

    os.environ["SECRET"] = "hidden-word"
    forked.use({name: word for name, word in os.environ.items() if name != "SECRET"})
    assert os.environ["SECRET"] == "hidden-word"
    asyncio.run(main())
"""


def test_copied_kernels_have_their_own_words_and_no_secrets(repository):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SERVICE)], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{repository}{os.pathsep}{repository / 'widgets'}",
             "SECRET": "hidden-word"},
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = json.loads(done.stdout.splitlines()[-1])
    assert (first["token"], second["token"]) == ("of 0", "of 1")
    for one in (first, second):
        assert "SECRET" not in one["names"] and not one["begun"]
        assert "jupyter.widget.control" in one["targets"]
        assert one["pages"] and one["ended"]
    # both are copies of one program
    assert first["parent"] == second["parent"]
