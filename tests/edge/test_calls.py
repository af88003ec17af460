import pytest
from tests.edge.conftest import Open
from tests.edge.worlds import *

@pytest.mark.parametrize("family", ["generic","quectel","simcom","huawei"])
async def test_smoke(open_world: Open, family: str) -> None:
    import time
    t=time.time()
    async with open_world({"family": family}) as w:
        print("ready", time.time()-t)
        call = await w.dial(ANSWERS)
        cdr = await w.ear.cdr(call)
        print(w.ear.states(call), cdr, time.time()-t)
    print("over", time.time()-t)
