"""Edits as data: applying them, composing rounds of them, and mapping offsets back. Pure."""

from __future__ import annotations

from bisect import bisect_right

from pipslim.syntax.startup import TYPE_CHECKING, NamedTuple, record

if TYPE_CHECKING:
    from collections.abc import Iterable


class Edit(NamedTuple):
    """Replace `text[start:end]` by `text`; 0-based half-open offsets, `start == end` inserts."""

    start: int
    end: int
    text: str


def _place(edit: Edit) -> tuple[int, int]:
    """Give what an edit replaces: the order of edits that may stand together."""
    return edit.start, edit.end


def clash(first: Edit, second: Edit) -> bool:
    """Tell whether two edits overlap or touch; touching counts, for their order would matter.

    Two that insert whole lines at one place do not clash: they stand in the order of choice.
    """
    if first.start > second.end or second.start > first.end:
        return False
    lines = first.text.endswith("\n") and second.text.endswith("\n")
    return not (lines and first.start == first.end == second.start == second.end)


class _Piece(NamedTuple):
    """A stretch of the rewritten text: `text`, at `origin` in the first text or (-1) inserted."""

    start: int
    text: str
    origin: int


def _start(piece: _Piece) -> int:
    return piece.start


class Patch(NamedTuple):
    """A text on its way from `source` to `text`, as kept and inserted pieces in order."""

    source: str
    text: str
    pieces: tuple[_Piece, ...]

    @classmethod
    def of(cls, source: str) -> Patch:
        """Give the patch that changes nothing."""
        return cls(source, source, (_Piece(0, source, 0),))

    def then(self, edits: Iterable[Edit]) -> Patch:
        """Give this patch followed by `edits`, whose offsets are into this patch's `text`.

        Insertions at one place stand in the order given. Raises ValueError where two edits overlap
        or one is out of range.
        """
        pieces: list[_Piece] = []
        old, index = self.pieces, 0
        written = done = 0
        for start, end, text in (*sorted(edits, key=_place), (len(self.text), len(self.text), "")):
            if start < done or end < start or end > len(self.text):
                raise ValueError(
                    f"{Edit(start, end, text)} overlaps another edit or the end of the text"
                )
            while done < start:  # keep what stands ahead of the edit
                first, piece, origin = old[index]
                behind = first + len(piece)
                if behind <= done:
                    index += 1
                    continue
                low, upto = done - first, min(start, behind)
                kept = piece[low : upto - first]
                pieces.append(record(_Piece, (written, kept, origin + low if origin >= 0 else -1)))
                written += upto - done
                done = upto
            if text:
                pieces.append(record(_Piece, (written, text, -1)))
                written += len(text)
            done = end
        return Patch(self.source, "".join([text for _, text, _ in pieces]), tuple(pieces))

    def origin(self, offset: int) -> int:
        """Give the offset in `source` for one in `text`; inside an insertion, where it was put."""
        if len(self.pieces) == 1 and self.text is self.source:
            return offset
        index = bisect_right(self.pieces, offset, key=_start) - 1
        if index >= 0:
            piece = self.pieces[index]
            if piece.origin >= 0:
                return piece.origin + offset - piece.start
        for piece in self.pieces[index + 1 :]:
            if piece.origin >= 0:
                return piece.origin
        return len(self.source)

    def keeps(self, start: int, end: int) -> bool:
        """Tell whether anything of `text[start:end]`, not empty, stands in `source`."""
        index = max(bisect_right(self.pieces, start, key=_start) - 1, 0)
        while index < len(self.pieces) and self.pieces[index].start < end:
            if self.pieces[index].origin >= 0:
                return True
            index += 1
        return False

    def edits(self) -> tuple[Edit, ...]:
        """Give the edits that lead from `source` to `text` in one go, in order."""
        found: list[Edit] = []
        done = 0
        inserted = ""
        for _, text, origin in (*self.pieces, _Piece(len(self.text), "", len(self.source))):
            if origin < 0:
                inserted += text
                continue
            if inserted or origin > done:
                found.append(record(Edit, (done, origin, inserted)))
                inserted = ""
            done = origin + len(text)
        return tuple(found)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Give `text` with `edits` applied; raises ValueError where two overlap."""
    return Patch.of(text).then(edits).text
