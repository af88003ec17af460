import asyncio, logging, time
from tests.edge import test_load
async def test_p(open_world, caplog):
    orig = asyncio.events.Handle._run
    def run(self):
        t=time.thread_time(); orig(self); d=time.thread_time()-t
        if d>0.02: print("SLOW", round(d,3), repr(self)[:300])
    import unittest.mock as m
    with m.patch.object(asyncio.events.Handle, "_run", run):
        try: await test_load.test_two_hundred_calls_on_thirty_two_lines(open_world)
        except AssertionError as e: print(str(e)[:100])
