"""Ray casting a posed head, and shading what the rays meet.

NVIDIA Warp finds what each ray meets, on the CPU even where there is a GPU, so that the bytes do
not depend on one; numpy turns that into colours. Geometry is in dm, in the axes of `head_mesh`: x
the person's left, y up, z forward.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp
from PIL import Image

from ferblur.rendering.head_mesh import PARTS, Head
from ferblur.rendering.skin import mix, noise, paint, scalp, smooth
from ferblur.rendering.subject import Subject

wp.config.log_level = wp.LOG_WARNING  # Warp 1.19 ignores `quiet`
# instead of `-march=native`: the same instructions on every processor
wp.config.cpu_compiler_flags = "-ffp-contract=off"

LEFT_EYE = -2
"""Triangle index of a ray that meets the left eyeball; the right one is one less, -1 is nothing."""

SAMPLES = 2
"""Rays along each side of a pixel."""

TONGUE = np.array([0.40, 0.12, 0.12])


@wp.kernel
def _cast(
    mesh: wp.uint64,
    origin: wp.vec3,
    directions: wp.array(dtype=wp.vec3),
    light: wp.vec3,
    eyes: wp.array(dtype=wp.vec4),
    triangle: wp.array(dtype=wp.int32),
    barycentric: wp.array(dtype=wp.vec2),
    distance: wp.array(dtype=wp.float32),
    lit: wp.array(dtype=wp.float32),
) -> None:
    ray = wp.tid()
    direction = directions[ray]
    nearest = float(1.0e6)  # noqa: UP018 (Warp: a variable, not a constant)
    found = int(-1)  # noqa: RUF046, UP018
    query = wp.mesh_query_ray(mesh, origin, direction, nearest)
    if query.result:
        nearest = query.t
        found = query.face
        barycentric[ray] = wp.vec2(query.u, query.v)
    for side in range(2):
        sphere = eyes[side]
        offset = origin - wp.vec3(sphere[0], sphere[1], sphere[2])
        b = wp.dot(offset, direction)
        discriminant = b * b - wp.dot(offset, offset) + sphere[3] * sphere[3]
        if discriminant > 0.0:
            near = -b - wp.sqrt(discriminant)
            if near < nearest:
                nearest = near
                found = -2 - side
    triangle[ray] = found
    distance[ray] = nearest
    if found != -1:
        start = origin + direction * (nearest - 0.004) + light * 0.004
        blocker = wp.mesh_query_ray(mesh, start, light, 20.0)
        if not blocker.result:
            lit[ray] = 1.0


@dataclass(frozen=True)
class View:
    """How a face is looked at; none of it depends on the emotion.

    Angles are in degrees: `yaw` turns the head to the person's left, `pitch` up, `roll` tilts it
    to the person's left; `gaze` is (yaw, pitch) of the eyes in the head. `light` is (azimuth,
    elevation) of the key light. `zoom` is the frame's height over the height of the face from
    eyes to chin, `offset` its shift in shares of the frame.
    """

    yaw: float
    pitch: float
    roll: float
    gaze: tuple[float, float]
    distance: float  # dm from the eyes to the camera
    zoom: float
    offset: tuple[float, float]
    light: tuple[float, float]
    key: np.ndarray  # RGB
    ambient: np.ndarray  # RGB
    exposure: float
    background: np.ndarray  # h x w x 3, linear RGB, any size


@dataclass(frozen=True)
class _Surface:
    """What N rays met: colour, direction, highlight and openness to the sky."""

    albedo: np.ndarray  # N x 3, linear RGB
    normal: np.ndarray  # N x 3, unit
    gloss: np.ndarray  # N x 2, power and strength
    opening: np.ndarray  # N, 0..1


def _rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    y, p, r = np.radians([yaw, -pitch, -roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_y) @ np.array(about_x)


def _direction(azimuth: float, elevation: float) -> np.ndarray:
    a, e = np.radians([azimuth, elevation])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


@dataclass(frozen=True)
class _Scene:
    """A posed head before the camera, which looks along -z at the origin."""

    vertices: np.ndarray  # V x 3
    eyes: np.ndarray  # 2 x 4, centre and radius of the left and right eyeball
    turn: np.ndarray  # 3 x 3 rotation of the head
    face: float  # height of the face from eyes to chin


def compile_kernel() -> None:
    """Compile the kernel, or find it in Warp's cache, so that processes do not do it each."""
    wp.load_module(__name__, device="cpu")


class Renderer:
    """Renders one head in any pose; keeps what does not change between images."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self._triangles = wp.array(head.triangles.reshape(-1), dtype=wp.int32, device="cpu")
        centres = head.vertices[head.eyes].mean(axis=1)
        radius = np.ptp(head.vertices[head.eyes[0]], axis=0).mean() / 2
        # skin that touches an eyeball is the edge of a lid; the upper one has lashes
        gap = np.min([np.linalg.norm(head.vertices - c, axis=1) - radius for c in centres], axis=0)
        edge = (gap < 0.022) & (head.vertices[:, 2] > centres[0, 2] - 0.02) & self._is("skin")
        upper = head.vertices[:, 1] > centres[0, 1] - 0.01
        self._lid = edge * np.where(upper, 1.0, 0.35)
        self._chin = (
            (np.abs(head.vertices[:, 0]) < 0.1)
            & (head.vertices[:, 1] < 6.4)
            & (head.vertices[:, 2] > centres[0, 2])
            & self._is("skin")
        )

    def render(
        self, subject: Subject, actions: Mapping[str, float], view: View, size: int
    ) -> np.ndarray:
        """Render a face; returns size x size x 3 uint8 sRGB.

        `actions` gives the weight of each facial action; names are those of `expression`.
        """
        scene = self._pose(subject, actions, view)
        rays = size * SAMPLES
        origin, directions = _camera(view, scene.face, rays)
        light = _direction(*view.light)
        hit = self._cast(scene, origin, directions, light)

        colours = _background(view.background, rays)
        seen = hit["triangle"] != -1
        hit = {name: values[seen] for name, values in hit.items()}
        hit["point"] = origin + directions[seen] * hit["distance"][:, None]
        surface = self._surface(hit, scene, subject, actions, view)
        colours[seen] = view.exposure * _shade(surface, directions[seen], hit["lit"], light, view)
        pixels = colours.reshape(size, SAMPLES, size, SAMPLES, 3).mean(axis=(1, 3))
        return (np.clip(pixels, 0, 1) ** (1 / 2.2) * 255).round().astype(np.uint8)

    def _is(self, part: str) -> np.ndarray:
        return self.head.part == PARTS.index(part)

    def _pose(self, subject: Subject, actions: Mapping[str, float], view: View) -> _Scene:
        head = self.head
        neutral = head.deform(subject.weights)
        vertices = neutral + head.deform(actions) - head.vertices
        eyes = neutral[head.eyes]
        low, high = eyes.min(axis=1), eyes.max(axis=1)
        centres, radii = (low + high) / 2, (high - low).mean(axis=1) / 2 * 0.99
        middle = centres.mean(axis=0)
        face = float(middle[1] - neutral[self._chin, 1].min())

        if not subject.long_hair:  # hide its mesh inside the skull
            vertices[self._is("hair")] = middle - [0, -0.3, 0.5]
        outward = head.vertices - [0, 7.4, 0.35]
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        grown = scalp(head.vertices, subject) * self._is("skin")
        grown *= smooth(7.3, 7.6, head.vertices[:, 1])  # not on the ears
        grown *= subject.hair_depth * (1 + 0.25 * noise(head.vertices, 0.4))
        vertices = vertices + outward * grown[:, None]

        pivot = middle - [0, 0.4 * face, 0.6]
        turn = _rotation(view.yaw, view.pitch, view.roll)
        spheres = np.column_stack([(centres - pivot) @ turn.T, radii])
        return _Scene((vertices - pivot) @ turn.T, spheres, turn, face)

    def _cast(
        self, scene: _Scene, origin: np.ndarray, directions: np.ndarray, light: np.ndarray
    ) -> dict[str, np.ndarray]:
        """What each ray meets: triangle, barycentric weights, distance, and whether it is lit."""

        def array(values: np.ndarray, kind: Any) -> Any:
            return wp.array(values.astype(np.float32), dtype=kind, device="cpu")

        def output(kind: Any) -> Any:
            return wp.zeros(len(directions), dtype=kind, device="cpu")

        mesh = wp.Mesh(array(scene.vertices, wp.vec3), self._triangles)
        hit = {
            "triangle": output(wp.int32),
            "barycentric": output(wp.vec2),
            "distance": output(wp.float32),
            "lit": output(wp.float32),
        }
        wp.launch(
            _cast,
            dim=len(directions),
            inputs=[
                mesh.id,
                wp.vec3(*origin),
                array(directions, wp.vec3),
                wp.vec3(*light),
                array(scene.eyes, wp.vec4),
                *hit.values(),
            ],
            device="cpu",
        )
        return {name: values.numpy() for name, values in hit.items()}

    def _surface(
        self,
        hit: Mapping[str, np.ndarray],
        scene: _Scene,
        subject: Subject,
        actions: Mapping[str, float],
        view: View,
    ) -> _Surface:
        head = self.head
        eye = hit["triangle"] <= LEFT_EYE
        corner = head.triangles[np.where(eye, 0, hit["triangle"])]
        u, v = hit["barycentric"].T
        weight = np.column_stack([u, v, 1 - u - v])

        def at(values: np.ndarray) -> np.ndarray:
            return np.asarray(np.einsum("nk,nk...->n...", weight, values[corner]))

        base, part = at(head.vertices), head.part[corner[:, 0]]
        lips = at(head.lips)
        albedo, opening = paint(base, lips, at(head.mouth), at(self._lid), subject, actions)
        gloss = np.tile([18.0, 0.035], (len(base), 1))
        gloss[lips > 0.5] = [30.0, 0.07]

        strands = 1 + 0.35 * noise(base * [6, 1, 1], 1.5)
        hair = subject.hair * strands[:, None]
        hairy = np.where(part == PARTS.index("hair"), 1, scalp(base, subject))
        hairy *= at(head.ears) < 0.3
        albedo = mix(albedo, hair if subject.hair_depth else 0.8 * albedo + 0.2 * hair, hairy)
        gloss[hairy > 0.5] = [12.0, 0.03]
        albedo = mix(albedo, subject.cloth, smooth(5.75, 5.70, base[:, 1]) * (hairy < 0.5))

        for name, colour, shine in (("teeth", [0.72, 0.68, 0.58], 0.05), ("tongue", TONGUE, 0.02)):
            inside = part == PARTS.index(name)
            depth = smooth(1.1, 1.45, base[inside, 2])  # deeper in the mouth is darker
            albedo[inside] = colour * (0.35 + 0.65 * depth)[:, None]
            opening[inside] = 0.25 + 0.55 * depth
            gloss[inside] = [40.0, shine]

        normal = at(_normals(scene.vertices, head.triangles))
        if eye.any():
            sphere = scene.eyes[LEFT_EYE - hit["triangle"][eye]]
            normal[eye] = hit["point"][eye] - sphere[:, :3]
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        albedo[eye] = _eyeball(normal[eye] @ (scene.turn @ _direction(*view.gaze)), subject.iris)
        opening[eye] = 0.55 + 0.35 * smooth(0.5, -0.3, normal[eye] @ scene.turn[:, 1])
        gloss[eye] = [180.0, 0.9]
        return _Surface(albedo, normal, gloss, opening)


def _camera(view: View, face: float, rays: int) -> tuple[np.ndarray, np.ndarray]:
    """Origin and rays² x 3 unit directions, row by row from the upper left."""
    origin = np.array([0, 0, view.distance])
    step = (np.arange(rays) + 0.5) / rays * 2 - 1
    half = view.zoom * face / 2
    x, y = half * (step + 2 * view.offset[0]), half * (2 * view.offset[1] - step)
    plane = 0.6  # the frame is measured at the depth of the eyes
    target = np.stack(np.broadcast_arrays(x[None, :], y[:, None], plane), axis=-1)
    directions = (target - origin).reshape(-1, 3)
    return origin, directions / np.linalg.norm(directions, axis=1, keepdims=True)


def _background(picture: np.ndarray, rays: int) -> np.ndarray:
    size = (rays, rays)
    channels = [
        np.asarray(
            Image.fromarray(picture[:, :, channel].astype(np.float32)).resize(
                size, Image.Resampling.BICUBIC
            )
        )
        for channel in range(3)
    ]
    return np.stack(channels, axis=-1).reshape(-1, 3).clip(0).astype(np.float64)


def _normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """V x 3 normals: the sum over a vertex's triangles, larger ones counting more."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    flat = np.cross(b - a, c - a)
    sums = [
        np.bincount(triangles.ravel(), np.repeat(flat[:, axis], 3), len(vertices))
        for axis in range(3)
    ]
    return np.stack(sums, axis=1)


def _eyeball(towards_gaze: np.ndarray, iris: np.ndarray) -> np.ndarray:
    """Colours of points on an eyeball, given the cosine of their angle to the line of sight."""
    angle = np.degrees(np.arccos(np.clip(towards_gaze, -1, 1)))
    colour = np.tile([0.85, 0.82, 0.80], (len(angle), 1))
    colour = mix(colour, iris * 1.6, smooth(27, 24.5, angle))
    colour = mix(colour, iris * 0.45, smooth(22, 26, angle) * smooth(27.5, 25.5, angle))
    return mix(colour, np.full(3, 0.004), smooth(12.5, 10.5, angle))


def _shade(
    surface: _Surface, directions: np.ndarray, lit: np.ndarray, light: np.ndarray, view: View
) -> np.ndarray:
    """Linear RGB leaving each point towards the camera."""
    facing = surface.normal @ light
    bleed = np.array([0.22, 0.12, 0.08])  # light that travels through skin, red farthest
    diffuse = np.clip((facing[:, None] + bleed) / (1 + bleed), 0, 1)
    shadow = lit * np.clip(facing / 0.02, 0, 1)
    shadow = np.maximum(shadow[:, None], 0.7 * bleed)
    sky = (0.65 + 0.35 * surface.normal[:, 1]) * surface.opening
    halfway = light - directions
    halfway /= np.linalg.norm(halfway, axis=1, keepdims=True)
    power, strength = surface.gloss.T
    shine = lit * strength * np.clip((surface.normal * halfway).sum(axis=1), 0, 1) ** power
    matt = view.ambient * sky[:, None] + view.key * diffuse * shadow
    return np.asarray(surface.albedo * matt + view.key * shine[:, None])
