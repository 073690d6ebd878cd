"""Nothing wrong: a teacher's weights follow the student's in place, without gradients."""

import torch


class Distill(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.student = torch.nn.Linear(3, 3)
        self.teacher = torch.nn.Linear(3, 3).requires_grad_(False)

    def forward(self, x):
        with torch.no_grad():
            for own, other in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
                own.mul_(0.9).add_(other, alpha=0.1)
        return self.student(x) - self.teacher(x)


def build():
    return Distill(), (torch.ones(2, 3),)
