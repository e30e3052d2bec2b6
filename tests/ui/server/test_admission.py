from __future__ import annotations

import asyncio
import threading

import pytest

from ui.server.admission import Admission, Late, Overloaded


def test_so_many_work_so_many_wait_and_the_next_is_turned_away() -> None:
    async def main() -> tuple[list[object], int]:
        admission = Admission(at_once=2, waiting=1, seconds=10)
        release, running, most = threading.Event(), threading.Semaphore(0), 0
        lock = threading.Lock()
        inside = 0

        def work() -> str:
            nonlocal most, inside
            with lock:
                inside += 1
                most = max(most, inside)
            running.release()
            release.wait(5)
            with lock:
                inside -= 1
            return "done"

        tasks = [asyncio.create_task(admission.run(work)) for _ in range(3)]
        await asyncio.to_thread(running.acquire)
        await asyncio.to_thread(running.acquire)
        with pytest.raises(Overloaded):
            await admission.run(work)
        release.set()
        results: list[object] = list(await asyncio.gather(*tasks))
        assert admission.inside == 0
        return results, most

    assert asyncio.run(main()) == (["done"] * 3, 2)


def test_what_takes_too_long_is_given_up() -> None:
    release = threading.Event()

    async def main() -> None:
        admission = Admission(at_once=1, waiting=1, seconds=0.05)
        with pytest.raises(Late):
            await admission.run(lambda: release.wait(5))
        assert admission.inside == 0
        release.set()

    asyncio.run(main())


def test_what_is_given_up_keeps_its_place_until_it_ends() -> None:
    release, done = threading.Event(), []

    async def main() -> None:
        admission = Admission(at_once=1, waiting=1, seconds=0.25)
        for _ in range(2):
            with pytest.raises(Late):
                await admission.run(lambda: done.append(release.wait(5)))
        assert done == []
        release.set()
        assert await admission.run(lambda: list(done)) == [True]  # the second never began

    asyncio.run(main())


def test_an_error_of_the_work_comes_through() -> None:
    async def main() -> None:
        with pytest.raises(KeyError):
            await Admission(at_once=1, waiting=0, seconds=5).run(lambda: dict[str, str]()["nothing"])

    asyncio.run(main())
