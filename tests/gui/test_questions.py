"""One question at a time: another one, or new work, takes the first for answered with its safe answer."""

from __future__ import annotations

from migrator.gui.run_actions import Act
from migrator.gui.status import Intent, Status
from migrator.model.past_runs import RunsListed
from tests.gui import canned
from tests.gui.test_presenter import Desk


def looked_ahead() -> Desk:
    """A finished run, and the question whether to roll it back."""
    desk = Desk()
    desk.run(canned.summary())
    desk.presenter.do(Intent.ROLL_BACK)
    desk.hear(*canned.looked_ahead())
    assert desk.see().bar.question is not None
    return desk


def test_what_a_question_is_about_does_not_begin_beside_it() -> None:
    """By the menu or a key: Migrate Data while somebody is asked whether a run may be accepted."""
    desk = Desk()
    desk.connect()
    desk.hear(canned.history())
    run = next(each for each in canned.history().runs if not each.waits and each.undo == "")
    desk.presenter.history.choose(run.run)
    desk.presenter.history.do(Act.ACCEPT)
    assert desk.see().bar.question is not None
    assert not desk.see().allowed
    desk.presenter.do(Intent.MIGRATE)
    desk.presenter.generate()
    assert desk.service.asked[-1][0] == "generate"  # that of `connect`
    desk.presenter.answer(yes=True)
    assert desk.service.asked[-1] == ("accept", run.run)


def test_another_question_answers_the_first_one_with_no() -> None:
    desk = looked_ahead()
    desk.hear(RunsListed(canned.history().runs, 7))
    run = next(each for each in canned.history().runs if not each.waits and each.undo == "")
    desk.presenter.history.choose(run.run)
    desk.presenter.history.do(Act.ACCEPT)
    question = desk.see().bar.question
    assert question is not None
    assert "Accept" in question.headline
    assert desk.see().status is Status.FINISHED  # given back: the run is on screen as it was
    desk.presenter.answer(yes=False)
    assert desk.see().status is Status.FINISHED
    assert not [each for each in desk.service.asked if each[0] == "rollback"]


def test_work_that_begins_elsewhere_answers_an_open_question_with_no() -> None:
    desk = Desk()
    desk.run(*canned.failures(), canned.failed_summary())
    group = desk.see().run.groups[0]
    desk.presenter.run.uncopied.leave_out(group.left_out_by, group.count)
    assert desk.see().bar.question is not None
    desk.presenter.run.retry_only(group.code)
    assert desk.see().bar.question is None
    assert desk.service.asked[-1][0] == "resume"
    desk.presenter.answer(yes=True)  # nobody is asked any more
    assert not [each for each in desk.service.asked if each[0] == "find_not_copied"]


def test_a_new_pace_does_not_answer_whether_to_quit() -> None:
    desk = Desk()
    desk.run()
    desk.presenter.quit()
    desk.presenter.run.pace.edit("threads", "4")
    desk.presenter.run.pace.left("threads")
    assert desk.service.asked[-1] == ("change", 4, None)
    assert desk.see().bar.question is not None
