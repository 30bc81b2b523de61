"""DROP, whatever it takes away."""

from typing import Any

from rollout.reading.names import SORTS, Names, object_
from rollout.reading.thing import Step, Thing


class Drops(Names):
    """One kind of statement for all that can go."""

    def _DropStmt(self, node: Any) -> None:
        sort = SORTS.get(node.removeType)
        for item in node.objects:
            if sort is None:
                what = str(node.removeType.name).removeprefix("OBJECT_").lower()
                self.shape.note(Step.MAJOR, "setting", f"{what} dropped")
                continue
            thing = object_(sort, item)
            if thing.of == "public" and thing.name in self.temporary:
                continue
            for found in self._meant(thing, item) or [thing]:
                self.shape.drop(found, maybe=node.missing_ok)

    def _meant(self, thing: Thing, item: Any) -> list[Thing]:
        """Functions of a name, where DROP FUNCTION does not write the arguments."""
        if not getattr(item, "args_unspecified", False):
            return []
        start = thing.name.partition("(")[0] + "("
        return [
            t
            for t in self.shape.things
            if (t.sort, t.of) == (thing.sort, thing.of) and t.name.startswith(start)
        ]
