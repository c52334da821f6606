import { expect, it } from 'vitest';
import { youtubeAddress } from '../../../../electron/workers/media/youtube-address.ts';

it.each([
  'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
  'http://youtube.com/watch?v=dQw4w9WgXcQ&t=42s&list=PL123',
  'https://m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ#x',
  'https://music.youtube.com/watch?v=dQw4w9WgXcQ',
  'https://youtu.be/dQw4w9WgXcQ?si=abc',
  'https://www.youtube.com/shorts/dQw4w9WgXcQ',
  'https://www.youtube.com/live/dQw4w9WgXcQ/',
  'https://www.youtube.com/embed/dQw4w9WgXcQ?autoplay=1',
  'https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ',
  ' https://YOUTUBE.com/watch?v=dQw4w9WgXcQ ',
])('reads %s, and writes it anew', (address) => {
  expect(youtubeAddress(address)).toEqual({
    id: 'dQw4w9WgXcQ',
    url: 'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
  });
});

it.each([
  '',
  'dQw4w9WgXcQ',
  '--exec=id',
  'https://www.youtube.com/',
  'https://www.youtube.com/playlist?list=PL123',
  'https://www.youtube.com/@somebody',
  'https://www.youtube.com/watch?v=--exec',
  'https://www.youtube.com/watch?v=dQw4w9WgXc',
  'https://www.youtube.com/watch?v=dQw4w9WgXcQ%0a--exec',
  'https://www.youtube.com:8443/watch?v=dQw4w9WgXcQ',
  'https://a:b@www.youtube.com/watch?v=dQw4w9WgXcQ',
  'https://www.youtube.com.example/watch?v=dQw4w9WgXcQ',
  'https://example.org/watch?v=dQw4w9WgXcQ',
  'https://evilyoutube.com/watch?v=dQw4w9WgXcQ',
  'https://youtube-nocookie.com/watch?v=dQw4w9WgXcQ',
  'https://127.0.0.1/watch?v=dQw4w9WgXcQ',
  'file:///watch?v=dQw4w9WgXcQ',
  'javascript:alert(1)',
  'https://youtu.be/dQw4w9WgXcQ/extra',
])('refuses %j', (address) => {
  expect(() => youtubeAddress(address)).toThrow(expect.objectContaining({ code: 'YOUTUBE_ADDRESS_WRONG' }));
});
