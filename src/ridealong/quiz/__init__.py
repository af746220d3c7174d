"""Questions in the notebook: shown by a widget, recorded in a file and in the answer cell."""

from ridealong.quiz.bank import UnknownQuestion, find_prediction, find_quiz
from ridealong.quiz.cell import record_cell
from ridealong.quiz.judging import judge
from ridealong.quiz.record import current_answer, recorded
from ridealong.quiz.widget import Prediction, Quiz, predict, prediction, quiz

__all__ = [
    "Prediction",
    "Quiz",
    "UnknownQuestion",
    "current_answer",
    "find_prediction",
    "find_quiz",
    "judge",
    "predict",
    "prediction",
    "quiz",
    "record_cell",
    "recorded",
]
